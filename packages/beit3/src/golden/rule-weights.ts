import { DataError, formatValue } from "@multiway/errors";
import type { Shape } from "@multiway/tensor";

/** How the elements of a full-size model follow from the names of its tensors; fixtures too large to store have one. */
export interface WeightRule {
  salt: string;
  /** [scale, offset] by pattern; the first that fits counts. */
  scales: Readonly<Record<string, readonly [scale: number, offset: number]>>;
}

/** @throws DataError when a manifest's rule is not of this form */
export function checkRule(rule: unknown): WeightRule {
  const { salt, scales } = (typeof rule === "object" && rule !== null ? rule : {}) as Partial<WeightRule>;
  const isWhole = typeof salt === "string" && typeof scales === "object" && scales !== null && Object.values(scales).every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every((value) => typeof value === "number"));
  if (!isWhole) throw new DataError(`golden: the rule of the weights is ${formatValue(rule)}; expected a salt, and scales with [scale, offset] by pattern.`);
  return { salt, scales };
}

/** One tensor's elements: see {@link elementsOf}; the key is salt and name. */
export function ruleElements({ salt, scales }: WeightRule, name: string, shape: Shape): Float32Array {
  const found = Object.entries(scales).find(([pattern]) => fits(pattern, name, shape.length));
  if (!found) throw new DataError(`golden: no line of the rule fits "${name}"; its patterns are ${Object.keys(scales).join("; ")}.`, { details: { name } });
  return elementsOf(salt + name, found[1], shape);
}

/** offset + scale · u, with u from a hash of the key and the place. */
export function elementsOf(key: string, [scale, offset]: readonly [scale: number, offset: number], shape: Shape): Float32Array {
  const hash = fnv1a(key);
  const elements = new Float32Array(shape.reduce((size, extent) => size * extent, 1));
  for (let i = 0; i < elements.length; i++) {
    let x = (Math.imul(i, 0x9e3779b9) + hash) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    x = (x ^ (x >>> 16)) >>> 0;
    elements[i] = offset + scale * ((x >>> 8) / 8388608 - 1);
  }
  return elements;
}

/** `every other tensor`, `1-D tensor named *.weight`, `name contains a | b`, or names with stars, separated by commas. */
function fits(pattern: string, name: string, rank: number): boolean {
  if (pattern === "every other tensor") return true;
  const parts = /^name contains (.*)$/.exec(pattern)?.[1];
  if (parts !== undefined) return parts.split("|").some((part) => name.includes(part.trim()));
  const [, axes, names] = /^(?:(\d+)-D tensor named )?(.*)$/.exec(pattern)!;
  if (axes !== undefined && Number(axes) !== rank) return false;
  return names!.split(",").some((glob) => new RegExp(`^${glob.trim().split("*").map(escape).join(".*")}$`).test(name));
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** 32-bit FNV-1a of a text's UTF-8 bytes. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
