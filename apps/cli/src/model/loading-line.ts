import type { LoadingProgress } from "@multiway/beit3";
import type { TextSink } from "../progress/terminal-ui.ts";

/** On a terminal: how far loading is, in a line that goes when it is done. Elsewhere nothing. */
export class LoadingLine {
  readonly #sink: TextSink;
  #shown = "";

  constructor(sink: TextSink) {
    this.#sink = sink;
  }

  show({ loadedBytes, totalBytes }: LoadingProgress): void {
    if (this.#sink.isTTY !== true || totalBytes === 0) return;
    const text = `Loading ${Math.round(totalBytes / 1e6)} MB: ${Math.floor((100 * loadedBytes) / totalBytes)} %`;
    if (text === this.#shown) return;
    this.#sink.write(`\r\u001b[2K${text}`);
    this.#shown = text;
  }

  clear(): void {
    if (this.#shown !== "") this.#sink.write("\r\u001b[2K");
    this.#shown = "";
  }
}
