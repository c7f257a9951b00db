import { isAddress, namesIn, type CheckpointSource, type FolderSource } from "@multiway/checkpoint";
import { CheckpointError, formatList, OptionError } from "@multiway/errors";
import { descriptionFile } from "../folder/description.ts";
import { checkDescription } from "../folder/parse-description.ts";
import { openModelFolder } from "../folder/open-model-folder.ts";
import { openFile, sourceOptions } from "./open-file.ts";
import type { OpenedModel } from "./opened.ts";
import type { Beit3Source, LoadBeit3Options } from "./options.ts";

/** Opens a model folder or a checkpoint file, whichever it is. */
export async function openSource(source: Beit3Source, options: LoadBeit3Options): Promise<OpenedModel> {
  const folder = await folderIn(source);
  return folder === undefined ? await openFile(source as CheckpointSource, options) : await openFolder(folder, options);
}

/** What a checkpoint's file is called; of an address nothing else can be told without asking. */
const checkpointName = /\.(safetensors|pth?|bin|ckpt|zip)(\.index\.json)?$/i;

async function folderIn(source: Beit3Source): Promise<FolderSource | undefined> {
  if (source === "mini") return (await import("@multiway/model-mini")).modelMini;
  if (typeof source === "string" || source instanceof URL) {
    const isRemote = isAddress(String(source));
    // Data and blobs have no neighbours.
    if (/^(data|blob):/i.test(String(source))) return undefined;
    const path = isRemote ? String(source).replace(/[?#].*$/, "") : String(source);
    if (path.endsWith(`/${descriptionFile}`)) return withoutName(source);
    if (checkpointName.test(path)) return undefined;
    if (isRemote) return source;
    const names = await namesIn(source);
    if (!names) return undefined;
    if (names.includes(descriptionFile)) return source;
    // A folder with shards is a checkpoint.
    if (names.some((name) => name.endsWith(".index.json"))) return undefined;
    throw new CheckpointError(`loadBeit3: ${JSON.stringify(path)} is a folder without ${descriptionFile}; it holds ${formatList(names, 4)}. Name a model folder, or a checkpoint file in it.`, { details: { folder: path } });
  }
  const isFile = source instanceof Uint8Array || source instanceof Blob || source instanceof ReadableStream || "createWritable" in source;
  return isFile ? undefined : (source as FolderSource);
}

function withoutName(source: URL | string): URL | string {
  if (source instanceof URL) return new URL(".", source);
  return /^https?:/i.test(source) ? new URL(".", source).href : source.slice(0, -descriptionFile.length);
}

async function openFolder(source: FolderSource, options: LoadBeit3Options): Promise<OpenedModel> {
  const { preset, answers, classes, image } = options;
  const folder = await openModelFolder(source, sourceOptions(options));
  if (preset !== undefined) throw new OptionError(`loadBeit3: a preset is given beside the model folder ${JSON.stringify(folder.name)}, whose ${descriptionFile} says how the model is made. Leave it out.`);
  const { description } = folder;
  const changed = checkDescription({ ...description, ...(answers && { answers }), ...(classes && { classes }), image: { ...description.image, ...image } }, `${folder.name}/${descriptionFile}`);
  const weights = await folder.openWeights();
  return { name: folder.name, description: changed, weights, readTokenizer: () => folder.readTokenizer(), [Symbol.asyncDispose]: () => weights.close() };
}
