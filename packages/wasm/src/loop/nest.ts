import { registerType, type Access, type Combine, type DType, type Instruction, type LoopKernel, type RegisterType, type Store } from "@multiway/tensor/device";

/**
 * The generator's own form of a loop kernel. All strides run over kept and reduced axes alike; an index is an affine form like an address, so that both
 * become cursors that loops advance; the position of an argMax is an instruction like any other.
 */
export interface Nest {
  /** One per buffer; parts of the workspace follow the kernel's buffers. */
  dtypes: readonly DType[];
  kept: readonly Axis[];
  reduced: readonly Axis[];
  reductionBody: readonly NestInstruction[];
  results: readonly NestResult[];
  body: readonly NestInstruction[];
  stores: readonly Store[];
}

export interface Axis {
  extent: number;
  /** The axis is a piece, `extent` long, of a longer one; which piece is the index of the kept axis `chunkAxis`, and the last may be shorter. */
  piece?: { total: number; chunkAxis: number };
}

/** The inner part of an argMax or argMin names the instruction that holds the position of its value. */
export interface NestResult {
  combine: Combine;
  value: number;
  position?: number;
}

export type NestInstruction =
  | Exclude<Instruction, { op: "index" | "reduced" }>
  | { op: "index"; type: "i32"; multipliers: readonly number[] }
  /** `part` of an argMax: its position, or the value that stands there; a raw position may still be that of nothing. */
  | { op: "reduced"; type: RegisterType; result: number; part: "value" | "position" | "rawPosition" };

/** Translates a kernel, drops axes of one element and joins axes that all accesses see as one. */
export const nestOf = (kernel: LoopKernel): Nest => simplify(plainNest(kernel));

/** Translates a kernel with the axes that it has. */
export function plainNest(kernel: LoopKernel): Nest {
  const { extents, reduction } = kernel;
  const numAxes = extents.length + (reduction?.extents.length ?? 0);
  const pad = (strides: readonly number[]): number[] => Array.from({ length: numAxes }, (_, axis) => strides[axis] ?? 0);
  const padAccess = (access: Access): Access => ({ ...access, strides: pad(access.strides) });
  const translate = (instruction: Instruction): NestInstruction => {
    switch (instruction.op) {
      case "index":
        return { op: "index", type: "i32", multipliers: pad([]).map((_, axis) => Number(axis === instruction.axis)) };
      case "load":
        return { ...instruction, access: padAccess(instruction.access) };
      case "reduced": {
        const { combine } = reduction!.results[instruction.result]!;
        return { ...instruction, part: combine === "argMax" || combine === "argMin" ? "position" : "value" };
      }
      default:
        return instruction;
    }
  };
  const reductionBody = (reduction?.body ?? []).map(translate);
  const results = (reduction?.results ?? []).map(({ combine, value }): NestResult => {
    if (combine !== "argMax" && combine !== "argMin") return { combine, value };
    let multiplier = 1;
    const multipliers = pad([]);
    for (let axis = numAxes - 1; axis >= extents.length; axis--) {
      multipliers[axis] = multiplier;
      multiplier *= reduction!.extents[axis - extents.length]!;
    }
    reductionBody.push({ op: "index", type: "i32", multipliers });
    return { combine, value, position: reductionBody.length - 1 };
  });
  return {
    dtypes: kernel.buffers.map((buffer) => buffer.dtype),
    kept: extents.map((extent) => ({ extent })),
    reduced: (reduction?.extents ?? []).map((extent) => ({ extent })),
    reductionBody,
    results,
    body: kernel.body.map(translate),
    stores: kernel.stores.map((store) => ({ ...store, access: padAccess(store.access) })),
  };
}

/** Every affine form of a nest: addresses of loads and stores, and indices. */
export function affineForms(nest: Nest): (readonly number[])[] {
  const forms: (readonly number[])[] = nest.stores.map((store) => store.access.strides);
  for (const instruction of [...nest.reductionBody, ...nest.body]) {
    if (instruction.op === "load") forms.push(instruction.access.strides);
    if (instruction.op === "index") forms.push(instruction.multipliers);
  }
  return forms;
}

/** The nest with each affine form rewritten. */
export function mapForms(nest: Nest, rewrite: (strides: readonly number[]) => number[]): Nest {
  const mapBody = (body: readonly NestInstruction[]): NestInstruction[] =>
    body.map((instruction) => {
      if (instruction.op === "load") return { ...instruction, access: { ...instruction.access, strides: rewrite(instruction.access.strides) } };
      if (instruction.op === "index") return { ...instruction, multipliers: rewrite(instruction.multipliers) };
      return instruction;
    });
  return {
    ...nest,
    reductionBody: mapBody(nest.reductionBody),
    body: mapBody(nest.body),
    stores: nest.stores.map((store) => ({ ...store, access: { ...store.access, strides: rewrite(store.access.strides) } })),
  };
}

function simplify(nest: Nest): Nest {
  let current = nest;
  const axisOf = (position: number): Axis => (position < current.kept.length ? current.kept[position]! : current.reduced[position - current.kept.length]!);
  for (let position = current.kept.length + current.reduced.length - 1; position >= 0; position--) {
    const isReduced = position >= current.kept.length;
    const { extent } = axisOf(position);
    // A reduction keeps one axis, so that there is something to reduce along.
    if (extent === 1 && !(isReduced && current.reduced.length === 1)) {
      current = withoutAxis(current, position);
      continue;
    }
    const isLastOfItsKind = position === current.kept.length - 1 || position === current.kept.length + current.reduced.length - 1;
    if (isLastOfItsKind) continue;
    const inner = axisOf(position + 1).extent;
    if (affineForms(current).every((strides) => strides[position] === strides[position + 1]! * inner)) {
      const joined: Axis = { extent: extent * inner };
      const replace = (axes: readonly Axis[], at: number): Axis[] => axes.map((axis, index) => (index === at ? joined : axis));
      const widened: Nest = isReduced
        ? { ...current, reduced: replace(current.reduced, position + 1 - current.kept.length) }
        : { ...current, kept: replace(current.kept, position + 1) };
      current = withoutAxis(widened, position);
    }
  }
  return current;
}

function withoutAxis(nest: Nest, position: number): Nest {
  const drop = <Item>(items: readonly Item[], at: number): Item[] => items.filter((_, index) => index !== at);
  const mapped = mapForms(nest, (strides) => drop(strides, position));
  return position < nest.kept.length ? { ...mapped, kept: drop(nest.kept, position) } : { ...mapped, reduced: drop(nest.reduced, position - nest.kept.length) };
}

/** Cuts an axis into pieces of `length`, numbered by a new kept axis that is put at `chunkAxis`. */
export function cutAxis(nest: Nest, position: number, length: number, chunkAxis: number): Nest {
  const isReduced = position >= nest.kept.length;
  const axis = isReduced ? nest.reduced[position - nest.kept.length]! : nest.kept[position]!;
  const piece: Axis = { extent: length, piece: { total: axis.extent, chunkAxis } };
  const kept = nest.kept.map((other, index) => (index === position ? piece : movePiece(other, chunkAxis)));
  kept.splice(chunkAxis, 0, { extent: Math.ceil(axis.extent / length) });
  const reduced = nest.reduced.map((other, index) => (index === position - nest.kept.length ? piece : movePiece(other, chunkAxis)));
  const mapped = mapForms(nest, (strides) => strides.toSpliced(chunkAxis, 0, strides[position]! * length));
  return { ...mapped, kept, reduced };
}

/** Axes at and behind the inserted one have moved. */
function movePiece(axis: Axis, inserted: number): Axis {
  if (!axis.piece || axis.piece.chunkAxis < inserted) return axis;
  return { ...axis, piece: { ...axis.piece, chunkAxis: axis.piece.chunkAxis + 1 } };
}

/** For each instruction, whether its value changes along each axis. */
export function variation(body: readonly NestInstruction[], numAxes: number): boolean[][] {
  const varies: boolean[][] = [];
  for (const instruction of body) {
    const own = Array.from({ length: numAxes }, (_, axis) => {
      if (instruction.op === "index") return instruction.multipliers[axis] !== 0;
      return instruction.op === "load" && instruction.access.strides[axis] !== 0;
    });
    for (const operand of operandsOf(instruction)) varies[operand]!.forEach((value, axis) => (own[axis] ||= value));
    varies.push(own);
  }
  return varies;
}

export function operandsOf(instruction: NestInstruction): number[] {
  if (instruction.op === "load") return instruction.guard === undefined ? [] : [instruction.guard];
  const operands: number[] = [];
  if ("condition" in instruction) operands.push(instruction.condition);
  if ("x" in instruction) operands.push(instruction.x);
  if ("y" in instruction) operands.push(instruction.y);
  return operands;
}

const costs: Readonly<Record<string, number>> = { exp: 16, log: 24, tanh: 40, erf: 40, normalCdf: 24, sin: 60, cos: 60, power: 120, divide: 4, sqrt: 4, remainder: 30, load: 1 };

/** A rough count of machine instructions for four elements. */
export function costOf(body: readonly NestInstruction[]): number {
  return body.reduce((sum, { op }) => sum + (costs[op] ?? (op === "constant" ? 0 : 1)), 1);
}

/** How many values of a body are needed at once, at most; constants are made where they are used. */
export function mostLive(body: readonly NestInstruction[], stores: readonly Store[]): number {
  const lastUse = body.map((_, position) => position);
  body.forEach((instruction, position) => operandsOf(instruction).forEach((operand) => (lastUse[operand] = position)));
  for (const { value } of stores) lastUse[value] = body.length;
  const ending = new Map<number, number>();
  let [live, most] = [0, 0];
  body.forEach(({ op }, position) => {
    if (op !== "constant") {
      most = Math.max(most, ++live);
      ending.set(lastUse[position]!, (ending.get(lastUse[position]!) ?? 0) + 1);
    }
    live -= ending.get(position) ?? 0;
  });
  return most;
}

/** How a dtype looks in registers. */
export const typeOfBuffer = (nest: Nest, buffer: number): RegisterType => registerType(nest.dtypes[buffer]!);
