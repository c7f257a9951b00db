import { bytesOf, type Access, type Instruction, type LoopKernel } from "@multiway/tensor/device";
import type { Plan } from "../wgsl/stage.ts";
import { accessesOf, collapseAxes } from "./axes.ts";
import { planPointwise } from "./pointwise.ts";

/** The bytes of a kernel's buffer that a piece of its loop touches. */
export interface Window {
  offset: number;
  size: number;
}

/** A part of a loop, to be run by itself: its addresses count from the windows' starts. */
export interface LoopPiece {
  kernel: LoopKernel;
  /** By the kernel's buffers. */
  windows: readonly Window[];
}

/** Serves as offset of a binding for every adapter, and never cuts a vec4. */
const alignment = 256;
/** Long axes are cut at multiples, so that pieces keep accesses of four. */
const longStep = 1024;
const mostPieces = 4096;

/**
 * Cuts a pointwise loop along one axis until each piece touches no more bindings than there are. Pieces compute what the whole would, in any order.
 *
 * @param bufferBytes  by the kernel's buffers
 * @param fits         whether windows of these sizes, by the kernel's buffers, can be bound at once; 0 for a buffer that is not touched
 * @returns undefined for a loop that no cut helps: one with a reduction, or whose pieces touch as much as the whole
 */
export function splitLoop(whole: LoopKernel, bufferBytes: readonly number[], fits: (windowBytes: readonly number[]) => boolean): LoopPiece[] | undefined {
  if (whole.reduction) return undefined;
  const kernel = collapseAxes(whole);
  for (let axis = 0; axis < kernel.extents.length; axis++) {
    const extent = kernel.extents[axis]!;
    for (let count = 2; count <= Math.min(extent, mostPieces); count++) {
      const exact = Math.ceil(extent / count);
      const step = exact >= longStep ? Math.ceil(exact / longStep) * longStep : exact;
      const from = (position: number): LoopPiece => pieceOf(kernel, axis, position, Math.min(extent, position + step), bufferBytes);
      const isBound = ({ windows }: LoopPiece): boolean => fits(windows.map(({ size }) => size));
      // Most counts fail at the first.
      if (!isBound(from(0))) continue;
      const pieces = Array.from({ length: Math.ceil(extent / step) }, (_, index) => from(index * step));
      if (pieces.every(isBound)) return pieces;
    }
  }
  return undefined;
}

function pieceOf(kernel: LoopKernel, axis: number, from: number, to: number, bufferBytes: readonly number[]): LoopPiece {
  const extents = kernel.extents.map((extent, position) => (position === axis ? to - from : extent));
  const moved = (access: Access): Access => ({ ...access, offset: access.offset + from * (access.strides[axis] ?? 0) });
  const windows = kernel.buffers.map(({ dtype }, buffer): Window => {
    const spans = accessesOf(kernel).flatMap((access) => (access.buffer === buffer ? [spanOf(moved(access), extents)] : []));
    if (spans.length === 0) return { offset: 0, size: 0 };
    // Guarded loads may reach beyond a buffer, where they touch nothing.
    const within = (bytes: number): number => Math.min(Math.max(bytes, 0), bufferBytes[buffer]!);
    const start = Math.floor(within(bytesOf(dtype) * Math.min(...spans.map(({ first }) => first))) / alignment) * alignment;
    const end = within(Math.ceil((bytesOf(dtype) * (1 + Math.max(...spans.map(({ last }) => last)))) / alignment) * alignment);
    return { offset: start, size: Math.max(end - start, 0) };
  });
  const place = (access: Access): Access => {
    const { buffer, offset } = moved(access);
    return { ...access, offset: offset - windows[buffer]!.offset / bytesOf(kernel.buffers[buffer]!.dtype) };
  };
  const { body, positions } = rewrite(kernel.body, axis, from, place);
  return {
    windows,
    kernel: { ...kernel, label: `${kernel.label} from ${from}`, extents, body, stores: kernel.stores.map(({ access, value }) => ({ access: place(access), value: positions[value]! })) },
  };
}

/**
 * The pieces of a loop over buffers that take more bindings than there are, one after the other.
 *
 * @param limits  bytes that a binding of a larger buffer holds, and how many bindings there are
 * @returns undefined for a loop that runs as a whole, and for one that no cut helps
 */
export function planPieces(loop: LoopKernel, bufferBytes: readonly number[], { chunkBytes, maxStorageBuffers }: { chunkBytes: number; maxStorageBuffers: number }): { plan: Plan; windows: readonly Window[] }[] | undefined {
  const fits = (bytes: readonly number[]): boolean => bytes.reduce((sum, size) => sum + Math.ceil(size / chunkBytes), 0) <= maxStorageBuffers;
  return fits(bufferBytes) ? undefined : splitLoop(loop, bufferBytes, fits)?.map(({ kernel, windows }) => ({ plan: planPointwise(kernel), windows }));
}

/** The first and last element that an access reaches. */
function spanOf({ offset, strides }: Access, extents: readonly number[]): { first: number; last: number } {
  const reach = extents.map((extent, axis) => (extent - 1) * (strides[axis] ?? 0));
  return { first: reach.reduce((sum, distance) => sum + Math.min(distance, 0), offset), last: reach.reduce((sum, distance) => sum + Math.max(distance, 0), offset) };
}

/** Code that sees the whole loop's indices along the axis that is cut. */
function rewrite(body: readonly Instruction[], axis: number, from: number, place: (access: Access) => Access): { body: Instruction[]; positions: number[] } {
  const result: Instruction[] = [];
  const positions: number[] = [];
  for (const instruction of body) {
    const renumbered = { ...instruction } as Record<string, unknown>;
    for (const operand of ["x", "y", "condition", "guard"]) if (typeof renumbered[operand] === "number") renumbered[operand] = positions[renumbered[operand]];
    if (instruction.op === "load") renumbered["access"] = place(instruction.access);
    let at = result.push(renumbered as Instruction) - 1;
    if (instruction.op === "index" && instruction.axis === axis && from > 0) {
      const start = result.push({ op: "constant", type: "i32", value: from }) - 1;
      at = result.push({ op: "add", type: "i32", x: at, y: start }) - 1;
    }
    positions.push(at);
  }
  return { body: result, positions };
}
