import { CheckpointError, formatShape, formatValue } from "@multiway/errors";
import type { Shape } from "@multiway/tensor";
import { bytesOfElements, elementTypeOf, elementTypes, sizeBytes, type Elements, type ElementType } from "./element-types.ts";
import { lengthBytes, maxHeaderBytes } from "./safetensors-header.ts";

/** A tensor to be written. */
export interface HostTensor {
  shape: Shape;
  data: Elements;
  /** Default: by the array; a Uint16Array needs one, F16, BF16 or U16. A Uint8Array is U8 unless BOOL is named. */
  type?: ElementType;
}

/** A tensor to be written that is read when its turn comes. */
export interface LazyTensor {
  shape: Shape;
  type: ElementType;
  read(): Promise<Elements>;
}

/** A tensor's place in a file that is yet to be written. */
export interface PlannedTensor {
  name: string;
  type: ElementType;
  shape: Shape;
  sizeBytes: number;
}

/**
 * The header of a file, its length included, and the order in which the data must follow.
 *
 * The header names tensors in the order given; the data lies by element size, largest first, so that each is aligned and none needs padding.
 */
export function planSafetensors(caller: string, tensors: readonly Omit<PlannedTensor, "sizeBytes">[], metadata: Readonly<Record<string, string>>): { header: Uint8Array; order: PlannedTensor[] } {
  const planned = tensors.map((tensor) => ({ ...tensor, sizeBytes: sizeBytes(tensor.type, tensor.shape) }));
  const order = [...planned].sort((a, b) => elementTypes[b.type].sizeBytes - elementTypes[a.type].sizeBytes);
  const begins = new Map<PlannedTensor, number>();
  let position = 0;
  for (const tensor of order) {
    begins.set(tensor, position);
    position += tensor.sizeBytes;
  }
  const entries = planned.map((tensor): [string, unknown] => {
    if (tensor.name === "__metadata__") throw new CheckpointError(`${caller}: a tensor is called "__metadata__"; the format keeps that name for itself. Rename the tensor.`);
    const begin = begins.get(tensor)!;
    return [tensor.name, { dtype: tensor.type, shape: tensor.shape, data_offsets: [begin, begin + tensor.sizeBytes] }];
  });
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value !== "string") throw new CheckpointError(`${caller}: metadata has ${formatValue(value)} under ${formatValue(name)}; expected a text. Use JSON.stringify for anything else.`, { details: { name } });
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries([...(Object.keys(metadata).length > 0 ? [["__metadata__", metadata] as const] : []), ...entries])));
  const padded = Math.ceil(json.length / 8) * 8;
  if (padded > maxHeaderBytes) throw new CheckpointError(`${caller}: the header takes ${padded} bytes; at most ${maxHeaderBytes} are read back. Shorten the metadata.`, { details: { headerBytes: padded } });
  const header = new Uint8Array(lengthBytes + padded).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(padded), true);
  header.set(json, lengthBytes);
  return { header, order };
}

/**
 * The bytes of a safetensors file, which the Python library reads too.
 *
 * @throws CheckpointError when a shape does not fit its data, or a type cannot be told
 */
export function encodeSafetensors(tensors: Readonly<Record<string, HostTensor>>, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const typed = Object.entries(tensors).map(([name, tensor]) => ({ name, shape: tensor.shape, type: checkedType("encodeSafetensors", name, tensor) }));
  const { header, order } = planSafetensors("encodeSafetensors", typed, metadata);
  const file = new Uint8Array(order.reduce((sum, { sizeBytes: size }) => sum + size, header.length));
  file.set(header);
  let position = header.length;
  for (const { name, type, sizeBytes: size } of order) {
    file.set(bytesOfElements(type, tensors[name]!.data), position);
    position += size;
  }
  return file;
}

/** The type that a tensor is written as, once its data fits type and shape. */
export function checkedType(caller: string, name: string, { shape, data, type: named }: HostTensor): ElementType {
  const type = named ?? elementTypeOf(data);
  if (!type) throw new CheckpointError(`${caller}: "${name}" is a Uint16Array; expected a type beside it, F16, BF16 or U16.`, { details: { name } });
  const { view } = elementTypes[type];
  if (!(data instanceof view)) throw new CheckpointError(`${caller}: "${name}" is ${formatValue(data)} to be written as ${type}; expected a ${view.name}.`, { details: { name } });
  if (sizeBytes(type, shape) !== data.byteLength) {
    throw new CheckpointError(`${caller}: "${name}" has ${data.length} elements and shape ${formatShape(shape)}; expected as many elements as the shape holds.`, { details: { name, shape } });
  }
  return type;
}
