import { DataError } from "@multiway/errors";

/** A tensor of a golden file. */
export interface GoldenTensor {
  dtype: "U8" | "F32";
  shape: number[];
  data: Uint8Array | Float32Array;
}

/** Reads the U8 and F32 tensors of a safetensors file: enough for this package's golden values, which may not depend on its neighbours. */
export function readTensors(bytes: Uint8Array, file: string): Map<string, GoldenTensor> {
  const fail = (problem: string) => new DataError(`runPreprocessCase: ${file}: ${problem}. Get a new copy of the file.`, { details: { file } });
  if (bytes.length < 8) throw fail(`it has ${bytes.length} bytes; expected at least 8`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  if (8 + headerBytes > bytes.length) throw fail(`its header announces ${headerBytes} bytes; ${bytes.length - 8} are left`);
  let header: Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerBytes)));
  } catch (cause) {
    throw new DataError(`runPreprocessCase: ${file}: its header is not JSON. Get a new copy of the file.`, { cause });
  }
  const tensors = new Map<string, GoldenTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__" || (entry.dtype !== "U8" && entry.dtype !== "F32")) continue;
    const [begin, end] = entry.data_offsets;
    const content = new Uint8Array(bytes.subarray(8 + headerBytes + begin, 8 + headerBytes + end)); // a copy: f32 needs aligned bytes
    const count = entry.shape.reduce((product, size) => product * size, 1);
    if (content.length !== count * (entry.dtype === "U8" ? 1 : 4)) throw fail(`tensor "${name}" has ${content.length} bytes for shape [${entry.shape.join(", ")}]`);
    tensors.set(name, { dtype: entry.dtype, shape: entry.shape, data: entry.dtype === "U8" ? content : new Float32Array(content.buffer) });
  }
  return tensors;
}
