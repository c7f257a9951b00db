import type { CheckpointReader } from "@multiway/checkpoint";
import type { ModelDescription } from "../folder/description.ts";

/** A model that is ready to be read. */
export interface OpenedModel extends AsyncDisposable {
  /** What messages call it. */
  readonly name: string;
  readonly description: ModelDescription;
  readonly weights: CheckpointReader;
  /** Bytes of its own tokenizer. */
  readTokenizer(): Promise<Uint8Array | undefined>;
}
