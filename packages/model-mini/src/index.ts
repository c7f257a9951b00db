/**
 * The files of the model folder, by name: what `loadBeit3` and `openModelFolder` of `@multiway/beit3` read, in Node and in pages.
 *
 * Each address is written out, so that bundlers which know `new URL("…", import.meta.url)` put the files beside the page's own.
 */
export const modelMini = {
  "model.json": new URL("../model/model.json", import.meta.url),
  "model.safetensors": new URL("../model/model.safetensors", import.meta.url),
  "sentencepiece.model": new URL("../model/sentencepiece.model", import.meta.url),
} as const;
