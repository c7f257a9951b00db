import { DataError } from "@multiway/errors";

/** A tensor of a golden file, its numbers widened. */
export interface GoldenTensor {
  shape: number[];
  data: Float64Array;
}

const readers = {
  F64: [8, (view: DataView, offset: number) => view.getFloat64(offset, true)],
  F32: [4, (view: DataView, offset: number) => view.getFloat32(offset, true)],
  I32: [4, (view: DataView, offset: number) => view.getInt32(offset, true)],
} as const;

/** Reads the F64, F32 and I32 tensors of a safetensors file: enough for this package's golden values, which may not depend on packages above. */
export function readTensors(bytes: Uint8Array, file: string): Map<string, GoldenTensor> {
  const fail = (problem: string, cause?: unknown) => new DataError(`runMetricsCase: ${file}: ${problem}. Get a new copy of the file.`, { cause, details: { file } });
  if (bytes.length < 8) throw fail(`it has ${bytes.length} bytes; expected at least 8`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 8 + Number(view.getBigUint64(0, true));
  if (start > bytes.length) throw fail(`its header announces ${start - 8} bytes; ${bytes.length - 8} are left`);
  let header: Record<string, { dtype: keyof typeof readers; shape: number[]; data_offsets: [number, number] }>;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
  } catch (cause) {
    throw fail("its header is not JSON", cause);
  }
  const tensors = new Map<string, GoldenTensor>();
  for (const [name, { dtype, shape, data_offsets: [begin, end] = [0, 0] }] of Object.entries(header)) {
    if (name === "__metadata__" || !Object.hasOwn(readers, dtype)) continue;
    const [size, read] = readers[dtype];
    const count = shape.reduce((product, extent) => product * extent, 1);
    if (end - begin !== count * size || start + end > bytes.length) throw fail(`tensor "${name}" has no room for shape [${shape.join(", ")}]`);
    tensors.set(name, { shape, data: Float64Array.from({ length: count }, (_, index) => read(view, start + begin + index * size)) });
  }
  return tensors;
}
