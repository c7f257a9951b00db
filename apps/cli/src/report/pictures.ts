import { toDataUrl, type Image } from "@multiway/images";
import { html, type Html } from "./html.ts";

/** The pictures of a report as inline PNG. A picture that is shown often is encoded once. */
export class Pictures {
  readonly #byConcept: ReadonlyMap<string, Image>;
  readonly #urls = new Map<Image, Promise<string>>();

  constructor(byConcept: ReadonlyMap<string, Image>) {
    this.#byConcept = byConcept;
  }

  ofConcept(id: string): Image | undefined {
    return this.#byConcept.get(id);
  }

  /** The address of an image in this document: the image itself. */
  url(image: Image): Promise<string> {
    const url = this.#urls.get(image) ?? toDataUrl(image);
    this.#urls.set(image, url);
    return url;
  }

  /** A concept's picture; where the unseen style does not draw it, the character itself. */
  async concept(id: string, alt: string): Promise<Html> {
    const image = this.#byConcept.get(id);
    if (!image) return html`<span class="picture missing" role="img" aria-label="${alt || characterOf(id)}">${characterOf(id)}</span>`;
    return this.image(image, alt);
  }

  async image(image: Image, alt: string): Promise<Html> {
    return html`<img class="picture" src="${await this.url(image)}" width="${image.width}" height="${image.height}" alt="${alt}" />`;
  }
}

/** `1f499` and `1f1e9-1f1ea` as characters; what is no such name stays as it is. */
export function characterOf(id: string): string {
  const codes = id.split("-").map((part) => (/^[0-9a-f]{1,6}$/i.test(part) ? Number.parseInt(part, 16) : NaN));
  return codes.every((code) => code <= 0x10ffff) ? String.fromCodePoint(...codes) : id;
}
