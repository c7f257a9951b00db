import type { Place } from "../failure.ts";
import { headerLength, lengthBytes, parseHeader, type SafetensorsHeader } from "./safetensors-header.ts";
import { StoredTensor } from "./stored-tensor.ts";
import type { ByteSource } from "../files/files.ts";

/** A parsed safetensors file. */
export interface Safetensors {
  /** By name, in the order of the header. */
  tensors: Map<string, StoredTensor>;
  /** Free texts of whoever wrote the file. */
  metadata: Record<string, string>;
}

/**
 * Reads the bytes of a safetensors file. Checks all of the header; tensors are views over the bytes, converted when asked for.
 *
 * @param source  what error messages call the bytes. Default `safetensors`
 * @throws CheckpointError naming source, place and remedy
 *
 * ```ts
 * const { tensors } = parseSafetensors(bytes);
 * tensors.get("weight")!.elements; // Float32Array over `bytes`
 * ```
 */
export function parseSafetensors(bytes: Uint8Array, { source = "safetensors" }: { source?: string } = {}): Safetensors {
  const place: Place = { caller: "parseSafetensors", file: source };
  const start = lengthBytes + headerLength(bytes.subarray(0, lengthBytes), bytes.length, place);
  const { entries, metadata } = parseHeader(bytes.subarray(lengthBytes, start), bytes.length, place);
  return { metadata, tensors: new Map(entries.map((entry) => [entry.name, new StoredTensor(entry, bytes.subarray(entry.begin, entry.end), place)])) };
}

/** Reads a header alone, from wherever a file lies. */
export async function readSafetensorsHeader(source: ByteSource, place: Place): Promise<SafetensorsHeader> {
  const { sizeBytes } = source;
  const length = headerLength(await source.read(0, Math.min(lengthBytes, sizeBytes)), sizeBytes, place);
  return parseHeader(await source.read(lengthBytes, lengthBytes + length), sizeBytes, place);
}
