import type { Image } from "@multiway/images";
import type { AttentionExample, DemoResult, FilledName, FilledPatches, RetrievalRow } from "../demo/result.ts";

/** A picture with its best names. */
export interface NamedRow extends RetrievalRow {
  /** The right name of the picture whose id is the query. */
  name: string;
}

/** All that the report shows: every figure, and examples that were drawn by the seed. */
export interface ReportInput {
  result: DemoResult;
  names: FilledName[];
  patches: FilledPatches[];
  /** The mean patch of every visual token: codes × patchSize × patchSize × 3, RGB. */
  codePatches: Uint8Array;
  imageToText: NamedRow[];
  textToImage: RetrievalRow[];
  attention: AttentionExample[];
  /** Pictures of the unseen style by concept. */
  pictures: Map<string, Image>;
}
