import { fileIn, nameOfFolder, openCheckpoint, readBytes, type CheckpointReader, type FolderSource, type SourceOptions } from "@multiway/checkpoint";
import { CheckpointError } from "@multiway/errors";
import { descriptionFile, type ModelDescription } from "./description.ts";
import { parseDescription } from "./parse-description.ts";

/** A model with its heads as it lies on a disk or a server. Its `model.json` has been read and checked, nothing else. */
export interface ModelFolder {
  /** What messages call it. */
  readonly name: string;
  readonly description: ModelDescription;
  /** The weights, by name, to be read one by one. */
  openWeights(): Promise<CheckpointReader>;
  /** Bytes of the tokenizer's file; undefined for a model without one. */
  readTokenizer(): Promise<Uint8Array | undefined>;
}

const maxDescriptionBytes = 64 * 2 ** 20;

/**
 * Opens a model folder: `model.json`, and beside it weights and tokenizer.
 *
 * ```ts
 * const folder = await openModelFolder("out/vqa");
 * folder.description.answers; // [ "yes", "no", … ]
 * ```
 *
 * @param given  in Node the path of the folder, `"mini"` for that of `@multiway/model-mini`; an address that the files lie under; a folder of a page's own storage; or the files by name
 * @throws CheckpointError when a file cannot be read, or a field is not what it should be: it names file, field and remedy
 */
export async function openModelFolder(given: FolderSource, options: SourceOptions = {}): Promise<ModelFolder> {
  const name = nameOfFolder(given);
  const source = given === "mini" ? (await import("@multiway/model-mini")).modelMini : given;
  const bytes = await readBytes(await fileIn(source, descriptionFile), { ...options, maxBytes: maxDescriptionBytes }).catch((cause: unknown) => {
    if (!CheckpointError.isInstance(cause)) throw cause;
    throw new CheckpointError(`openModelFolder: ${JSON.stringify(name)}: its ${descriptionFile} cannot be read. A model folder holds ${descriptionFile}, weights and mostly a tokenizer; a checkpoint file is opened by its own name. (${cause.message})`, { cause, details: { file: name } });
  });
  const description = parseDescription(new TextDecoder().decode(bytes), `${name.replace(/\/$/, "")}/${descriptionFile}`);
  return {
    name,
    description,
    openWeights: async () => openCheckpoint(await fileIn(source, description.weights), options),
    readTokenizer: async () => (description.tokenizer === undefined ? undefined : await readBytes(await fileIn(source, description.tokenizer), options)),
  };
}
