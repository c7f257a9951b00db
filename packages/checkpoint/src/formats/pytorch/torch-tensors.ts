import { formatList, formatShape, formatValue } from "@multiway/errors";
import { failure, type Place } from "../../failure.ts";
import { elementTypes, sizeBytes } from "../element-types.ts";
import type { TensorEntry } from "../stored-tensor.ts";
import { PickledTensor, type Pickled } from "./pickled.ts";
import type { TorchFile } from "./torch-file.ts";

/** Objects inside each other. */
const maxDepth = 64;
/** Objects in all: values that are shared count as often as they are met. */
const maxObjects = 4_000_000;
/** A small storage may be spread over a large shape by strides of 0, and shared by many tensors; beyond this it is an attack. */
const mostSpreadBytes = 64 * 2 ** 20;

const damaged = "The file is damaged; get a new copy.";

/** All tensors below a value, by place: keys of dictionaries and positions in lists, from the outside in. */
export function tensorsIn(value: Pickled, place: Place): { path: string[]; tensor: PickledTensor }[] {
  const found: { path: string[]; tensor: PickledTensor }[] = [];
  let objects = 0;
  const visit = (inner: Pickled, path: string[]): void => {
    if (++objects > maxObjects || path.length > maxDepth) throw failure(place, `its objects are nested too deeply, or too many, at ${formatList(path.slice(0, 4))}`, damaged);
    if (inner instanceof PickledTensor) found.push({ path, tensor: inner });
    else if (inner instanceof Map) for (const [key, item] of inner as ReadonlyMap<Pickled, Pickled>) visit(item, [...path, textOf(key)]);
    else if (Array.isArray(inner)) (inner as readonly Pickled[]).forEach((item, position) => visit(item, [...path, String(position)]));
  };
  visit(value, []);
  return found;
}

const textOf = (key: Pickled): string => (typeof key === "string" ? key : typeof key === "number" || typeof key === "bigint" || typeof key === "boolean" ? String(key) : formatValue(key));

/** Where a model's parameters stand in a file of microsoft/unilm: beit3/utils.py, and elsewhere; first match wins. */
const usualParts = ["model", "module", "state_dict"] as const;

/**
 * The part of a file that holds a model's parameters.
 *
 * @param part  the key that holds them; "" for all of the file. Default: `model`, `module` or `state_dict`, else all
 */
export function partOf(value: Pickled, part: string | undefined, place: Place): Pickled {
  if (part === "" || !(value instanceof Map)) return value;
  const map = value as ReadonlyMap<Pickled, Pickled>;
  if (part === undefined) return usualParts.map((key) => map.get(key)).find((inner) => inner instanceof Map) ?? value;
  const inner = map.get(part);
  if (inner === undefined) throw failure(place, `there is no ${formatValue(part)} in it; it has ${formatList([...map.keys()].map(textOf))}`, "Name one of them as `part`.", { details: { part } });
  return inner;
}

/** Where a tensor's elements lie in the file. */
export function entryOf(name: string, tensor: PickledTensor, { storages }: TorchFile, place: Place): TensorEntry {
  const { type, shape, strides, offset, storage } = tensor;
  const size = elementTypes[type].sizeBytes;
  const { near } = storages.get(storage.key)!;
  const begin = offset * size;
  const rest = { name, type, shape, storage: storage.key };
  if (shape.includes(0)) return { ...rest, begin, end: begin, near };
  const last = strides.reduce((sum, stride, axis) => sum + stride * (shape[axis]! - 1), offset);
  const available = storage.type === undefined ? Math.floor(storage.length / size) : storage.length;
  if (!(last < available) || (storage.type !== undefined && elementTypes[storage.type].sizeBytes !== size)) {
    throw failure(place, `tensor ${formatValue(name)} of shape ${formatShape(shape)} reaches element ${last}; its storage has ${available}`, damaged, { details: { name } });
  }
  const spread = sizeBytes(type, shape);
  const end = begin + (last - offset + 1) * size;
  if (spread > Math.max(mostSpreadBytes, end - begin)) throw failure(place, `tensor ${formatValue(name)} of shape ${formatShape(shape)} would take ${spread} bytes and has ${end - begin} in the file`, damaged, { details: { name } });
  let expected = 1;
  const isContiguous = [...shape.keys()].reverse().every((axis) => {
    const fits = shape[axis] === 1 || strides[axis] === expected;
    expected *= shape[axis]!;
    return fits;
  });
  return { ...rest, begin, end, near: near + begin, ...(!isContiguous && { strides }) };
}

/** Tensors of one storage are many times what the file holds only where somebody wants to exhaust the memory. */
export function checkTotal(entries: readonly TensorEntry[], fileBytes: number, place: Place): void {
  const total = entries.reduce((sum, { type, shape }) => sum + sizeBytes(type, shape), 0);
  if (total > 8 * fileBytes + mostSpreadBytes) throw failure(place, `its tensors would take ${total} bytes; the file has ${fileBytes}`, damaged, { details: { total, fileBytes } });
}

/** Row-major bytes of a tensor whose elements lie `strides` apart, the first at the beginning. */
export function gatherStrided(bytes: Uint8Array, { type, shape, strides }: Pick<TensorEntry, "type" | "shape"> & { strides: readonly number[] }): Uint8Array {
  const size = elementTypes[type].sizeBytes;
  const result = new Uint8Array(sizeBytes(type, shape));
  const index = new Array<number>(shape.length).fill(0);
  for (let at = 0, to = 0; to < result.length; to += size) {
    for (let byte = 0; byte < size; byte++) result[to + byte] = bytes[at * size + byte]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      at -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return result;
}
