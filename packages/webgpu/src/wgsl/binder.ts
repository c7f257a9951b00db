import { DeviceError } from "@multiway/errors";
import { bytesOf, type DType } from "@multiway/tensor/device";
import type { View } from "./stage.ts";

/** Where a view's buffer lies: bytes of one GPUBuffer, known by number. */
export interface Range {
  memory: number;
  offset: number;
  size: number;
}

/** A run of bytes that one binding, or several in a row, cover: one view's range, or those of several that overlap. */
interface Region extends Range {
  views: number[];
  /** Size of each binding but the last. */
  chunkBytes: number;
}

/** The bindings of one dispatch. */
export interface BindingLayout {
  regions: readonly Region[];
  /** Binding `i` of group 0. */
  entries: readonly Range[];
  /** What of the ranges decides the text: which overlap and where, and which exceed a binding. Equal patterns give equal WGSL. */
  pattern: string;
}

/**
 * Gives each view a binding.
 *
 * WebGPU tracks usage per whole buffer within a dispatch, so that a buffer bound read-only beside a writable binding of the same buffer is
 * refused: all bindings are `read_write`. Writable bindings of one buffer may not overlap either ("writable storage buffer binding aliasing"): views
 * whose ranges overlap share one binding, and kernel text depends on that pattern. Ranges beyond the largest binding become several bindings
 * of one buffer, chosen by index.
 */
export function layoutBindings(ranges: readonly Range[], maxBindingBytes: number): BindingLayout {
  const regions = mergeOverlaps(ranges);
  const entries: Range[] = [];
  let pattern = "";
  for (const region of regions) {
    region.chunkBytes = region.size > maxBindingBytes ? chunkOf(maxBindingBytes) : region.size;
    for (let start = 0; start < region.size; start += region.chunkBytes) {
      entries.push({ memory: region.memory, offset: region.offset + start, size: Math.min(region.chunkBytes, region.size - start) });
    }
    for (const view of region.views) pattern += `${view}+${ranges[view]!.offset - region.offset} `;
    pattern += region.size > region.chunkBytes ? `/${region.size};` : ";";
  }
  return { regions, entries, pattern };
}

/** A multiple of 256 serves as offset for every adapter, and never cuts a vec4. */
export const chunkOf = (maxBindingBytes: number): number => Math.floor(maxBindingBytes / 256) * 256;

/** The declarations of a stage's bindings, and `load_NAME` and `store_NAME` for each view. */
export function bindingText(label: string, views: readonly View[], ranges: readonly Range[], { regions, entries }: BindingLayout, maxStorageBuffers: number): string {
  if (entries.length > maxStorageBuffers) {
    throw new DeviceError(
      `webgpu: kernel "${label}" needs ${entries.length} storage bindings, since buffers beyond the largest binding take several; this adapter gives ${maxStorageBuffers}. ` +
        `Split the work into smaller tensors, or choose an adapter with larger limits.`,
      { details: { label, bindings: entries.length, maxStorageBuffers } },
    );
  }
  const lines: string[] = [];
  let binding = 0;
  for (const region of regions) {
    const members = region.views.map((index) => views[index]!);
    const deltas = region.views.map((index) => ranges[index]!.offset - region.offset);
    const storage = storageOf(members, deltas);
    const names: string[] = [];
    for (let start = 0; start < region.size; start += region.chunkBytes) {
      const name = `${members[0]!.name}_data${names.length || ""}`;
      lines.push(`@group(0) @binding(${binding++}) var<storage, read_write> ${name}: array<${typeOf(storage)}>;`);
      names.push(name);
    }
    const perChunk = region.chunkBytes / (4 * storage.width);
    members.forEach((view, i) => lines.push(...accessors(view, deltas[i]!, storage, names, perChunk)));
  }
  if (views.some(({ element, access }) => element === "f16" && access !== "write")) lines.push(halves);
  return lines.join("\n");
}

/** `unpack2x16float` may give 0 for subnormal halves, those below 2⁻¹⁴: they are made from their significands, in units of 2⁻²⁴. */
const halves = `fn halves_of(pair: u32) -> vec2<f32> {
  let bits = vec2<u32>(pair & 0xffffu, pair >> 16u);
  let tiny = vec2<f32>(bits & vec2<u32>(0x3ffu)) * 5.9604644775390625e-8f;
  return select(unpack2x16float(pair), select(tiny, -tiny, bits >= vec2<u32>(0x8000u)), (bits & vec2<u32>(0x7c00u)) == vec2<u32>(0u));
}`;

function mergeOverlaps(ranges: readonly Range[]): Region[] {
  const order = ranges.map((_, index) => index).sort((a, b) => ranges[a]!.memory - ranges[b]!.memory || ranges[a]!.offset - ranges[b]!.offset || a - b);
  const regions: Region[] = [];
  for (const index of order) {
    const range = ranges[index]!;
    const last = regions.at(-1);
    if (last && last.memory === range.memory && range.offset < last.offset + last.size) {
      last.size = Math.max(last.size, range.offset + range.size - last.offset);
      last.views.push(index);
    } else {
      regions.push({ memory: range.memory, offset: range.offset, size: range.size, views: [index], chunkBytes: 0 });
    }
  }
  for (const region of regions) region.views.sort((a, b) => a - b);
  // In the order in which the kernel names them, so that the text does not depend on where memory lies.
  return regions.sort((a, b) => a.views[0]! - b.views[0]!);
}

interface Storage {
  type: "f32" | "i32" | "u32";
  width: 1 | 4;
}

const wordType = (element: DType): Storage["type"] => (element === "f32" || element === "i32" ? element : "u32");
const registerName = (element: DType): string => (element === "f16" ? "f32" : element);

function storageOf(members: readonly View[], deltas: readonly number[]): Storage {
  const types = new Set(members.map((view) => wordType(view.element)));
  const widths = new Set(members.map((view) => (view.element === "f16" ? 1 : view.width ?? 1)));
  const uniform = types.size === 1 && widths.size === 1;
  const width = [...widths][0]!;
  if (!uniform || deltas.some((delta) => delta % (4 * width) !== 0)) return { type: uniform ? [...types][0]! : "u32", width: 1 };
  return { type: [...types][0]!, width };
}

const typeOf = ({ type, width }: Storage): string => (width === 4 ? `vec4<${type}>` : type);

function accessors(view: View, deltaBytes: number, storage: Storage, names: readonly string[], perChunk: number): string[] {
  const { name, element, access } = view;
  const wide = view.width === 4;
  const register = wide ? `vec4<${registerName(element)}>` : registerName(element);
  const delta = deltaBytes / (element === "f16" && !wide ? bytesOf("f16") : wide ? 4 * bytesOf(element) : 4);
  const shift = delta === 0 ? "" : `  let i = index + ${delta}u;\n`;
  const i = delta === 0 ? "index" : "i";
  const lines: string[] = [];
  /** A word of the region by its number, through the right chunk. */
  let word = (position: string): string => `${names[0]!}[${position}]`;
  if (names.length > 1) {
    const type = typeOf(storage);
    const cases = names.map((chunk, c) => (c === names.length - 1 ? "" : `  if (index < ${(c + 1) * perChunk}u) { return ${chunk}[index - ${c * perChunk}u]; }\n`)).join("");
    lines.push(`fn ${name}_word(index: u32) -> ${type} {\n${cases}  return ${names.at(-1)!}[index - ${(names.length - 1) * perChunk}u];\n}`);
    word = (position) => `${name}_word(${position})`;
  }
  const from = (words: string, type: string): string => (storage.type === type ? words : `bitcast<${wide && storage.width === 4 ? `vec4<${type}>` : type}>(${words})`);
  if (access !== "write") {
    let result: string;
    if (element === "f16") {
      result = wide
        ? `vec4<f32>(halves_of(${from(word(`2u * ${i}`), "u32")}), halves_of(${from(word(`2u * ${i} + 1u`), "u32")}))`
        : `halves_of(${from(word(`${i} >> 1u`), "u32")})[${i} & 1u]`;
    } else if (wide && storage.width === 1) {
      const four = [0, 1, 2, 3].map((k) => from(word(`4u * ${i}${k ? ` + ${k}u` : ""}`), wordType(element)));
      result = `vec4<${wordType(element)}>(${four.join(", ")})`;
    } else {
      result = from(word(i), wordType(element));
    }
    if (element === "bool") result = wide ? `${result} != vec4<u32>(0u)` : `${result} != 0u`;
    lines.push(`fn load_${name}(index: u32) -> ${register} {\n${shift}  return ${result};\n}`);
  }
  if (access !== "read") {
    const value = element === "bool" ? (wide ? "select(vec4<u32>(0u), vec4<u32>(1u), value)" : "select(0u, 1u, value)") : "value";
    const to = (words: string): string => (storage.type === wordType(element) ? words : `bitcast<${storage.type}>(${words})`);
    const put = (position: string, words: string): string =>
      names.length === 1
        ? `  ${names[0]!}[${position}] = ${words};\n`
        : `  let at${position.replace(/\W+/g, "_")} = ${position};\n` +
          names
            .map((chunk, c) => {
              const at = `at${position.replace(/\W+/g, "_")}`;
              const last = c === names.length - 1;
              return `  ${c ? "else " : ""}${last ? "" : `if (${at} < ${(c + 1) * perChunk}u) `}{ ${chunk}[${at} - ${c * perChunk}u] = ${words}; }\n`;
            })
            .join("");
    const statements =
      wide && storage.width === 1
        ? [0, 1, 2, 3].map((k) => put(`4u * ${i}${k ? ` + ${k}u` : ""}`, to(`(${value})[${k}]`))).join("")
        : put(i, wide ? (storage.type === wordType(element) ? value : `bitcast<vec4<${storage.type}>>(${value})`) : to(value));
    lines.push(`fn store_${name}(index: u32, value: ${register}) {\n${shift}${statements}}`);
  }
  return lines;
}
