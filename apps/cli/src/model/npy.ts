/**
 * Rows of f32 as NumPy's `.npy`, version 1.0: magic, length of the header, the header as a Python literal filled up to a multiple of 64 bytes, little-endian numbers.
 *
 * Source: numpy.lib.format.
 */
export function encodeNpy(rows: readonly Float32Array[]): Uint8Array {
  const width = rows[0]?.length ?? 0;
  const literal = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows.length}, ${width}), }`;
  const prefix = 10;
  const length = Math.ceil((prefix + literal.length + 1) / 64) * 64;
  const bytes = new Uint8Array(length + 4 * rows.length * width);
  bytes.set([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0]);
  const view = new DataView(bytes.buffer);
  view.setUint16(8, length - prefix, true);
  bytes.set(new TextEncoder().encode(`${literal.padEnd(length - prefix - 1)}\n`), prefix);
  rows.forEach((row, index) => row.forEach((value, column) => view.setFloat32(length + 4 * (index * width + column), value, true)));
  return bytes;
}
