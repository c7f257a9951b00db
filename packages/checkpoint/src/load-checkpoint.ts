import { type Device, type Tensor } from "@multiway/tensor";
import type { CheckpointSource } from "./files/files.ts";
import { openFor, type OpenOptions } from "./open-checkpoint.ts";

export interface LoadOptions extends OpenOptions {
  /** Where the tensors are to live. */
  device: Device;
  /** Which tensors to read, by name. Default: all. */
  only?: (name: string) => boolean;
  /** Half floats: `keep` f16 in memory, which widens inside kernels, or `widen` to f32. BF16 always widens. Default `keep`. */
  halves?: "keep" | "widen";
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
 * @param source  in Node a path; an address, a `Blob`, a file handle, or bytes
 * @returns       tensors by name, in the file's order
 * @throws CheckpointError naming file, place and remedy; nothing stays on the device then
 */
export async function loadCheckpoint(source: CheckpointSource, { device, only, halves = "keep", ...options }: LoadOptions): Promise<Record<string, Tensor>> {
  await using reader = await openFor("loadCheckpoint", source, options);
  const tensors: [string, Tensor][] = [];
  try {
    for (const name of reader.entries.keys()) {
      if (only && !only(name)) continue;
      const stored = await reader.read(name);
      const data = stored.toHost({ widens: halves === "widen" });
      const dtype = stored.dtype === "f16" && halves === "widen" ? "f32" : stored.dtype;
      tensors.push([name, device.tensor(data, { shape: stored.shape, dtype })]);
    }
  } catch (error) {
    for (const [, tensor] of tensors) tensor.dispose();
    throw error;
  }
  return Object.fromEntries(tensors);
}
