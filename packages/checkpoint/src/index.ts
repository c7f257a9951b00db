export { describeCheckpoint, formatCheckpoint, type CheckpointDescription, type CheckpointNode } from "./describe-checkpoint.ts";
export type { CheckpointSource, CheckpointTarget, FileHandle } from "./files/files.ts";
export type { Elements, ElementType } from "./formats/element-types.ts";
export { parseSafetensors, type Safetensors } from "./formats/safetensors-read.ts";
export { encodeSafetensors, type HostTensor } from "./formats/safetensors-write.ts";
export { StoredTensor, type TensorEntry } from "./formats/stored-tensor.ts";
export { loadCheckpoint, type LoadOptions } from "./load-checkpoint.ts";
export { openCheckpoint, type CheckpointReader } from "./open-checkpoint.ts";
export { saveCheckpoint } from "./save-checkpoint.ts";
