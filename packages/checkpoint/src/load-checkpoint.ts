import type { Device, Tensor } from "@multiway/tensor";
import { CheckpointReader } from "./checkpoint-reader.ts";
import { misfit, type ExpectedTensor } from "./compare-names.ts";
import type { CheckpointSource } from "./files/files.ts";
import { openFor, type OpenOptions } from "./open-checkpoint.ts";

export interface LoadOptions extends OpenOptions {
  /** Where the tensors are to live. */
  device: Device;
  /** Which tensors to read, by name. Default: all. */
  only?: (name: string) => boolean;
  /** Half floats: `keep` f16 in memory, which widens inside kernels, or `widen` to f32. Default `keep`. */
  halves?: "keep" | "widen";
  /** What bfloat16 becomes, which devices do not have: `f32` exactly, or `f16` in half the memory, which loses what is smaller than 6e-5 step by step and refuses what is beyond 65504. Default `f32`. */
  bfloat16?: "f32" | "f16";
  /** What the model wants, by name: `model.stateDict()`. Compared with the file's header before any tensor is read. Default: nothing is compared. */
  expected?: Readonly<Record<string, ExpectedTensor>>;
  /** With `expected`: throws, naming all that does not fit, or takes what fits. {@link CheckpointReader.compare} gives the lists. Default true. */
  strict?: boolean;
}

/**
 * Reads a checkpoint's tensors onto a device, one after the other: the file is never in memory as a whole.
 *
 * F64, F32 and BF16 become f32; F16 stays f16; I64, I32, I16 and I8 become i32, range-checked; unsigned ones u32; BOOL bool.
 *
 * ```ts
 * model.loadStateDict(await loadCheckpoint("model.safetensors", { device })); // or "model.pth"
 * ```
 *
 * @param source  in Node a path; an address, a `Blob`, a stream, a file handle, bytes, or a checkpoint that is open already, and stays so
 * @returns       tensors by name, in the file's order
 * @throws CheckpointError naming file, place and remedy; nothing stays on the device then
 */
export async function loadCheckpoint(source: CheckpointSource | CheckpointReader, options: LoadOptions): Promise<Record<string, Tensor>> {
  if (source instanceof CheckpointReader) return load(source, options);
  await using reader = await openFor("loadCheckpoint", source, options);
  return await load(reader, options);
}

async function load(reader: CheckpointReader, { device, only, halves = "keep", bfloat16 = "f32", expected, strict = true, signal }: LoadOptions): Promise<Record<string, Tensor>> {
  let names = [...reader.entries.keys()].filter((name) => !only || only(name));
  if (expected) {
    const report = reader.compare(expected);
    const error = strict ? misfit("loadCheckpoint", reader.name, report) : undefined;
    if (error) throw error;
    const fitting = new Set(report.matching);
    names = names.filter((name) => fitting.has(name));
  }
  const tensors = new Map<string, Tensor>();
  try {
    // As they lie in the file.
    for (const name of names.toSorted((a, b) => reader.entries.get(a)!.near - reader.entries.get(b)!.near)) {
      signal?.throwIfAborted();
      tensors.set(name, await reader.readOnto(device, name, { halves, bfloat16 }));
    }
  } catch (error) {
    for (const tensor of tensors.values()) tensor.dispose();
    throw error;
  }
  return Object.fromEntries(names.map((name) => [name, tensors.get(name)!]));
}
