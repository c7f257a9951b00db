import { replaceFile } from "#files";
import { CheckpointError } from "@multiway/errors";
import { floatToHalf, Tensor, type DType, type HostArray } from "@multiway/tensor";
import { failure, type Place } from "./failure.ts";
import { isFileHandle, nameOf, type CheckpointTarget, type FileHandle, type WriteBytes } from "./files/files.ts";
import { bytesOfElements, type Elements, type ElementType } from "./formats/element-types.ts";
import { checkedType, planSafetensors, type HostTensor } from "./formats/safetensors-write.ts";

/** What each dtype is written as. */
const elementTypeOfDType: Readonly<Record<DType, ElementType>> = { f32: "F32", f16: "F16", i32: "I32", u32: "U32", bool: "BOOL" };

/**
 * Writes tensors to a safetensors file, all or nothing: to a temporary file beside it, which takes its name once it is whole and on the disk.
 * Whatever fails, a full disk, a crash, leaves the old file as it was.
 *
 * Tensors are read from their device one after the other.
 *
 * ```ts
 * await saveCheckpoint("model.safetensors", model.stateDict(), { preset: "base", step: String(step) });
 * ```
 *
 * @param target    in Node a path; in pages a `FileSystemFileHandle`
 * @param metadata  texts to go with them
 * @throws CheckpointError naming path, cause and remedy
 */
export async function saveCheckpoint(target: CheckpointTarget, tensors: Readonly<Record<string, Tensor | HostTensor>>, metadata: Readonly<Record<string, string>> = {}): Promise<void> {
  const place: Place = { caller: "saveCheckpoint", file: nameOf(target) };
  const names = Object.entries(tensors).map(([name, tensor]) => ({ name, shape: tensor.shape, type: tensor instanceof Tensor ? elementTypeOfDType[tensor.dtype] : checkedType(place.caller, name, tensor) }));
  const { header, order } = planSafetensors(place.caller, names, metadata);
  const write = async (writeBytes: WriteBytes): Promise<void> => {
    await writeBytes(header);
    for (const { name, type, sizeBytes } of order) {
      const tensor = tensors[name]!;
      const bytes = bytesOfElements(type, tensor instanceof Tensor ? toElements(await tensor.data(), tensor.dtype) : tensor.data);
      if (bytes.length !== sizeBytes) throw new CheckpointError(`saveCheckpoint: "${name}" changed its size while it was written: ${bytes.length} bytes; ${sizeBytes} were announced.`, { details: { name } });
      await writeBytes(bytes);
    }
  };
  if (isFileHandle(target)) await replaceHandle(target, write, place);
  else await replaceFile(target, write, place);
}

/** As the file holds it: halves as bits again, the float64 device's numbers rounded to f32, bools in one byte. */
function toElements(data: HostArray, dtype: DType): Elements {
  if (dtype === "f16") return Uint16Array.from(data, floatToHalf);
  if (dtype === "bool") return Uint8Array.from(data, (value) => (value ? 1 : 0));
  return dtype === "f32" && data instanceof Float64Array ? Float32Array.from(data) : data;
}

/** A page's writable file keeps what it is given in a copy, and replaces the file when it is closed. */
async function replaceHandle(handle: FileHandle, write: (writeBytes: WriteBytes) => Promise<void>, place: Place): Promise<void> {
  const cannot = (cause: unknown) =>
    failure(place, `the file cannot be written (${(cause as Error).message}); what stood there before is unchanged`, "Allow writing to it, and check that the browser's storage has room.", { cause });
  const attempt = (action: Promise<void>): Promise<void> =>
    action.catch((cause: unknown) => {
      throw cannot(cause);
    });
  const writable = await handle.createWritable().catch((cause: unknown) => {
    throw cannot(cause);
  });
  try {
    await write((bytes) => attempt(writable.write(bytes as Uint8Array<ArrayBuffer>)));
    await attempt(writable.close());
  } catch (error) {
    await writable.abort().catch(() => {});
    throw error;
  }
}
