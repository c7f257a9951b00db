import type { CheckpointSource, FolderSource, SourceOptions } from "@multiway/checkpoint";
import type { Device } from "@multiway/tensor";
import type { ModelSize, MultiwayTransformerOptions } from "@multiway/transformer";
import type { ImageSettings } from "../folder/description.ts";
import type { TextTokenizer } from "../inputs/text-tokenizer.ts";

/** How far loading is. */
export interface LoadingProgress {
  /** Bytes of the file's tensors that are on the device. */
  loadedBytes: number;
  /** Bytes of all tensors that the model takes. */
  totalBytes: number;
}

/** A model folder, or a checkpoint file: in Node its path, an address, a `Blob` or `File`, a stream, a file handle, bytes. `"mini"` is the small model of `@multiway/model-mini`, which comes along (a folder of that name: `"./mini"`). */
export type Beit3Source = FolderSource | CheckpointSource;

export interface LoadBeit3Options extends Pick<SourceOptions, "signal" | "cache" | "headers"> {
  /** Where the model is to live. */
  device: Device;
  /** Of a checkpoint file: which model it is, by name or as a preset makes it, `beit3Base({ imageSize: 384 })`. Default: told from the file. */
  preset?: ModelSize | MultiwayTransformerOptions;
  /** The SentencePiece model's file (`beit3.spm` for the released models), or a tokenizer. Default: the folder's; of a file none, and then only pictures can be read. */
  tokenizer?: CheckpointSource | TextTokenizer;
  /** Of question answering: all answers, by number. Default: the folder's. */
  answers?: readonly string[];
  /** Of classification: names of the classes, by number. Default: the folder's. */
  classes?: readonly string[];
  /** What of picture preparation differs from the folder's, or from what is official for the task. */
  image?: Partial<Omit<ImageSettings, "size">>;
  /** Half floats: `keep` f16 in memory, which widens inside kernels, or `widen` to f32. Default `keep`. */
  halves?: "keep" | "widen";
  /** Pictures or texts that are computed at a time at most. Default 8. */
  batchSize?: number;
  /** Is told before the first tensor is read, and after each. */
  onProgress?: (progress: LoadingProgress) => void;
}
