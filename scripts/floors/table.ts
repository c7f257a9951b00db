/**
 * Which package stands on which: what ships imports from strictly lower floors, never sideways.
 * A new package gets its line here; `pnpm check` holds everybody to it.
 */
export const floors: Readonly<Record<string, number>> = {
  errors: 0,
  random: 1,
  "model-mini": 1,

  tensor: 2,
  tokenizers: 2,
  images: 2,
  metrics: 2,

  webgpu: 3,
  wasm: 3,
  reference: 3,
  nn: 3,
  optim: 3,
  checkpoint: 3,
  data: 3,

  transformer: 4,
  debug: 4,
  "visual-tokenizer": 4,
  masking: 4,
  training: 4,

  "head-classification": 5,
  "head-retrieval": 5,
  "head-vqa": 5,
  "head-reasoning": 5,
  "head-captioning": 5,
  "head-detection": 5,
  "head-segmentation": 5,

  beit3: 6,
};

/** Handed in by whoever starts a program; models never choose one. Only tests and apps import them. */
export const devices: readonly string[] = ["webgpu", "wasm", "reference"];

/** Holds other devices against a device, and so may import one: the reference. */
export const watcher = "debug";

/** For test files, a dev dependency of the root: it stands outside the house and may import all of it. */
export const testing = "testing";

/** The packages that touch the outside: files, network, processes, pages. All others compute from their arguments alone. */
export const outward: readonly string[] = ["webgpu", "wasm", "images", "checkpoint", "data", "debug", "testing", "model-mini"];

/** Most lines of a file; above that, split it by meaning, or say in its header `Long because …`. */
export const lineBudgets = { source: 400, test: 600 } as const;
