/** The emoji set of the command line, as files of this page. */
const addresses: Readonly<Record<string, string>> = {
  "concepts.json": new URL("../../../cli/data/emoji/concepts.json", import.meta.url).href,
  "noto.json": new URL("../../../cli/data/emoji/noto.json", import.meta.url).href,
  "noto.webp": new URL("../../../cli/data/emoji/noto.webp", import.meta.url).href,
  "twemoji.json": new URL("../../../cli/data/emoji/twemoji.json", import.meta.url).href,
  "twemoji.webp": new URL("../../../cli/data/emoji/twemoji.webp", import.meta.url).href,
  "emojitwo.json": new URL("../../../cli/data/emoji/emojitwo.json", import.meta.url).href,
  "emojitwo.webp": new URL("../../../cli/data/emoji/emojitwo.webp", import.meta.url).href,
  "blob.json": new URL("../../../cli/data/emoji/blob.json", import.meta.url).href,
  "blob.webp": new URL("../../../cli/data/emoji/blob.webp", import.meta.url).href,
};

/** @throws Error when one cannot be had */
export async function fetchEmoji(signal: AbortSignal): Promise<Record<string, Blob>> {
  const files = await Promise.all(
    Object.entries(addresses).map(async ([name, address]) => {
      const response = await fetch(address, { signal });
      if (!response.ok) throw new Error(`The emoji set's ${name} cannot be loaded (${response.status}). Reload the page.`);
      return [name, await response.blob()] as const;
    }),
  );
  return Object.fromEntries(files);
}
