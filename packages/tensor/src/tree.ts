import { DTypeError, formatValue, OptionError } from "@multiway/errors";
import { Key } from "@multiway/random";
import { Tensor } from "./tensor.ts";

/**
 * A tree: tensors in arrays, plain records and class instances (modules), with any plain data beside them.
 *
 * Numbers in arrays and records are data of the computation and may become tensors; numbers in class instances are
 * configuration (a width, a count) and stay.
 *
 * A class may say of its instances' tensors that they learn without gradients: `static readonly buffers = ["codebook"]`. An instance with
 * `frozen: true` is a constant to gradients, with all below it; one below with `frozen: false` is not.
 */

/** What a tree is made of when its leaves are taken out. Plain; equal texts mean equal structures. */
export interface FlatTree<L> {
  leaves: L[];
  /** `layers.3.weight` for each leaf. */
  paths: string[];
  /** Which leaves no gradient is asked for: those in or under a module that is `frozen`, and those that a module's class lists as `buffers`. */
  isConstant: boolean[];
  /** Everything but the leaves, as text. */
  text: string;
  /** The same tree over other leaves, in order. */
  rebuild(leaves: readonly unknown[]): unknown;
}

export type Leaf = Tensor | Key | number;

export interface FlattenOptions {
  /** Whether numbers in arrays and records, and a number that is the whole tree, are leaves. Default false. */
  numbers?: boolean;
  /** For messages. */
  name?: string;
}

type Rebuild = (leaves: readonly unknown[], cursor: { next: number }) => unknown;

const identities = new WeakMap<object, number>();
let identityCount = 0;
function identityOf(object: object): number {
  let id = identities.get(object);
  if (id === undefined) identities.set(object, (id = ++identityCount));
  return id;
}

/** Takes a tree apart into leaves (tensors, keys and, on request, numbers) and the rest. */
export function flatten(tree: unknown, options: FlattenOptions = {}): FlatTree<Leaf> {
  const leaves: Leaf[] = [];
  const paths: string[] = [];
  const isConstant: boolean[] = [];
  const text: string[] = [];
  const above = new Set<object>();
  const takeLeaf = (leaf: Leaf, path: string, kind: string, constant: boolean): Rebuild => {
    leaves.push(leaf);
    paths.push(path);
    isConstant.push(constant);
    text.push(kind);
    return (values, cursor) => values[cursor.next++];
  };
  const visit = (item: unknown, path: string, isData: boolean, constant: boolean): Rebuild => {
    if (item instanceof Tensor) return takeLeaf(item, path, "T", constant);
    if (item instanceof Key) return takeLeaf(item, path, "K", constant);
    if (typeof item === "number" && isData && options.numbers) return takeLeaf(item, path, "N", constant);
    if (typeof item === "function" || (typeof item === "object" && item !== null && isOpaque(item))) {
      text.push(`#${identityOf(item)}`);
      return () => item;
    }
    if (typeof item !== "object" || item === null) {
      text.push(typeof item === "string" ? JSON.stringify(item) : `${typeof item === "bigint" ? "n" : ""}${String(item)}`);
      return () => item;
    }
    if (ArrayBuffer.isView(item)) {
      throw new DTypeError(`${options.name ?? "tree"}: ${path || "the value"} is ${formatValue(item)}; expected a Tensor. Make one with device.tensor().`, { details: { path } });
    }
    if (above.has(item)) throw new OptionError(`${options.name ?? "tree"}: ${path} leads back to an object that contains it; expected a tree without cycles.`, { details: { path } });
    above.add(item);
    const join = (name: string | number) => (path ? `${path}.${name}` : String(name));
    let rebuild: Rebuild;
    if (Array.isArray(item)) {
      text.push("[");
      const parts = item.map((child, index) => visit(child, join(index), isData, constant));
      text.push("]");
      rebuild = (values, cursor) => parts.map((part) => part(values, cursor));
    } else {
      const prototype = Object.getPrototypeOf(item) as object | null;
      const isRecord = prototype === Object.prototype || prototype === null;
      text.push(isRecord ? "{" : `@${identityOf(prototype!)}{`);
      const names = Object.keys(item);
      const own = isRecord ? undefined : (item as { frozen?: unknown }).frozen;
      const frozen = typeof own === "boolean" ? own : constant;
      const buffers = isRecord ? undefined : (item.constructor as { buffers?: readonly string[] }).buffers;
      const parts = names.map((name) => {
        text.push(/^[\w.$-]+$/.test(name) ? name : JSON.stringify(name));
        return visit((item as Record<string, unknown>)[name], join(name), isData && isRecord, frozen || buffers?.includes(name) === true);
      });
      text.push("}");
      rebuild = (values, cursor) => {
        const copy = Object.create(prototype) as Record<string, unknown>;
        for (let index = 0; index < names.length; index++) copy[names[index]!] = parts[index]!(values, cursor);
        return copy;
      };
    }
    above.delete(item);
    return rebuild;
  };
  const rebuild = visit(tree, "", true, false);
  return { leaves, paths, isConstant, text: text.join(" "), rebuild: (values) => rebuild(values, { next: 0 }) };
}

/** Objects that are what they are, not trees: devices, maps, sets, dates, promises. */
function isOpaque(item: object): boolean {
  return item instanceof Map || item instanceof Set || item instanceof Date || item instanceof Promise || item instanceof WeakMap || "backend" in item;
}

/** The tensors of a tree with their places, in a fixed order. */
export function tensorsOf(tree: unknown): { path: string; tensor: Tensor }[] {
  const { leaves, paths } = flatten(tree);
  return leaves.flatMap((leaf, index) => (leaf instanceof Tensor ? [{ path: paths[index]!, tensor: leaf }] : []));
}

/**
 * A tree of the same structure with each tensor replaced.
 *
 * ```ts
 * const halved = mapTree(model, (weight) => weight.mul(0.5));
 * ```
 */
export function mapTree<T>(tree: T, replace: (tensor: Tensor, path: string) => Tensor | undefined): T {
  const flat = flatten(tree);
  return flat.rebuild(flat.leaves.map((leaf, index) => (leaf instanceof Tensor ? replace(leaf, flat.paths[index]!) : leaf))) as T;
}

/** What stands at a path of a tree, such as `layers.3.weight`; undefined when there is nothing. */
export function atPath(tree: unknown, path: string): unknown {
  if (path === "") return tree;
  let current = tree;
  for (const name of path.split(".")) {
    if (typeof current !== "object" || current === null) return undefined;
    current = (current as Record<string, unknown>)[name];
  }
  return current;
}
