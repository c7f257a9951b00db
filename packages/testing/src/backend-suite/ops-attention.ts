import type { DType } from "@multiway/tensor/device";
import { contiguous, ops, type OpStep, type Result, type Tensor } from "./build.ts";
import { keyOf, product, type CaseBody, type ProgramCase } from "./case.ts";
import { numbersFor } from "./loads.ts";

const group = "attention";
const tolerance = { relative: 1e-4, absolute: 2e-5 };

interface Sizes {
  batch: number;
  queries: number;
  /** Keys of each segment. */
  keys: readonly number[];
  heads: number;
  headDim: number;
}

interface Options {
  /** Axes of the bias [batch, heads, queries, keys] along which it repeats; no bias if undefined. */
  biasBroadcast?: readonly number[];
  /** Share of hidden keys. */
  hidden?: number;
  /** The first query of each sequence sees nothing. */
  hidesAll?: boolean;
  dtype?: DType;
  /** q, k and v are thirds of rows [batch, length, 3, heads, headDim]. */
  isPacked?: boolean;
  scale?: number;
  /** Multiplies q, so that the softmax is sharp. */
  sharpness?: number;
}

/** q, then k and v of each segment, then the bias. */
function tensorsOf(name: string, { batch, queries, keys, heads, headDim }: Sizes, options: Options): Tensor[] {
  const { biasBroadcast, hidden = 0, hidesAll = false, dtype = "f32", isPacked = false, sharpness = 1 } = options;
  const rows = (part: string, length: number, third: number): Tensor => {
    const shape = [batch, length, heads, headDim];
    const row = heads * headDim;
    const count = isPacked ? 3 * product(shape) : product(shape);
    const data = numbersFor(dtype, `${name} ${part}`, count);
    if (sharpness !== 1 && part === "q") data.forEach((x, index) => (data[index] = x * sharpness));
    return isPacked ? { dtype, shape, strides: [length * 3 * row, 3 * row, headDim, 1], offset: count === 0 ? 0 : third * row, data } : { dtype, shape, data };
  };
  const tensors = [rows("q", queries, 0), ...keys.flatMap((length, segment) => [rows(`k${segment}`, length, 1), rows(`v${segment}`, length, 2)])];
  if (biasBroadcast) {
    const shape = [batch, heads, queries, keys.reduce((sum, count) => sum + count, 0)];
    const stored = shape.map((extent, axis) => (biasBroadcast.includes(axis) ? 1 : extent));
    const strides = contiguous(stored).map((stride, axis) => (biasBroadcast.includes(axis) ? 0 : stride));
    const key = keyOf(`${name} bias`);
    const data = key.normal(product(stored));
    const draws = key.fold(1).uniform(data.length);
    const width = stored[3]!;
    // Key 0 stays visible, so that every query sees one.
    for (let index = 0; index < data.length; index++) if (draws[index]! < hidden && index % width !== 0) data[index] = -Infinity;
    if (hidesAll) for (let index = 0; index < data.length; index++) if (Math.floor(index / width) % stored[2]! === 0) data[index] = -Infinity;
    tensors.push({ dtype: "f32", shape, strides, data });
  }
  return tensors;
}

function body(name: string, sizes: Sizes, options: Options, backward: "none" | "plain" | "withBias"): CaseBody {
  const tensors = tensorsOf(name, sizes, options);
  const { batch, queries, keys, heads, headDim } = sizes;
  const attributes = { segments: keys.length, hasBias: options.biasBroadcast !== undefined, scale: options.scale ?? 1 / Math.sqrt(headDim) };
  const forward = tensors.map((_, position) => position);
  const out: Result = { dtype: "f32", shape: [batch, queries, heads, headDim], check: tolerance };
  const logSumExp: Result = { dtype: "f32", shape: [batch, heads, queries], ...(options.hidesAll ? {} : { check: tolerance }) };
  if (backward === "none") return ops(tensors, [{ op: "attention", attributes, inputs: forward, results: [out, logSumExp] }]);

  const gradient: Tensor = { dtype: "f32", shape: out.shape, data: keyOf(`${name} gradient`).normal(product(out.shape)) };
  const count = tensors.length;
  const results: Result[] = [out.shape, ...keys.flatMap((length) => [[batch, length, heads, headDim], [batch, length, heads, headDim]])].map((shape) => ({ dtype: "f32", shape, check: tolerance }));
  if (backward === "withBias") results.push({ dtype: "f32", shape: [batch, heads, queries, keys.reduce((sum, length) => sum + length, 0)], check: tolerance });
  const steps: OpStep[] = [
    { op: "attention", attributes, inputs: forward, results: [out, logSumExp] },
    { op: "attentionBackward", attributes: { ...attributes, biasGradient: backward === "withBias" }, inputs: [...forward, count + 1, count + 2, count], results },
  ];
  return ops([...tensors, gradient], steps);
}

export function attentionCases(): ProgramCase[] {
  const cases: ProgramCase[] = [];
  const add = (name: string, sizes: Sizes, options: Options = {}, quick = true, backwards: readonly ("none" | "plain" | "withBias")[] = ["none", "plain"]): void => {
    for (const backward of backwards) {
      const suffix = { none: "", plain: ", backward", withBias: ", backward with bias" }[backward];
      cases.push({ kind: "program", group, name: name + suffix, quick, body: () => body(name, sizes, options, backward) });
    }
  };
  const small: Sizes = { batch: 2, queries: 7, keys: [11], heads: 3, headDim: 8 };
  const both = ["none", "plain", "withBias"] as const;
  for (const headDim of [8, 32, 64, 5, 1]) add(`headDim ${headDim}`, { ...small, headDim });
  for (const [queries, keys] of [[1, 1], [1, 67], [67, 1], [33, 35], [64, 64], [13, 131]] as const) add(`${queries} queries, ${keys} keys`, { batch: 1, queries, keys: [keys], heads: 2, headDim: 16 }, {}, queries < 64 && queries !== 33);
  add("two segments", { ...small, keys: [5, 9] });
  add("two segments, headDim 64", { batch: 1, queries: 19, keys: [17, 5], heads: 1, headDim: 64 });
  add("two segments longer than a tile, headDim 64", { batch: 1, queries: 37, keys: [33, 35], heads: 2, headDim: 64 }, {}, false);
  add("three segments", { ...small, keys: [1, 4, 6] }, {}, false);
  add("an empty first segment", { ...small, keys: [0, 6] });
  add("an empty last segment", { ...small, keys: [6, 0] }, {}, false);
  const biases: readonly (readonly [string, readonly number[]])[] = [["full", []], ["shared by the batch", [0]], ["shared by heads", [1]], ["a row for all queries (padding)", [1, 2]], ["one matrix for all (captioning)", [0, 1]], ["one number per query", [3]], ["one number", [0, 1, 2, 3]]];
  for (const [name, biasBroadcast] of biases) add(`bias, ${name}`, small, { biasBroadcast }, biasBroadcast.length < 4, both);
  add("hidden keys", small, { biasBroadcast: [1], hidden: 0.4 }, true, both);
  add("padding and two segments", { ...small, keys: [6, 8] }, { biasBroadcast: [1, 2], hidden: 0.5 }, true, both);
  add("most keys hidden, many keys", { batch: 2, queries: 5, keys: [150], heads: 1, headDim: 16 }, { biasBroadcast: [1, 2], hidden: 0.97 });
  add("a query that sees no key", small, { biasBroadcast: [1], hidden: 0.3, hidesAll: true }, true, ["none"]);
  add("f16", small, { dtype: "f16" });
  add("f16 with bias and headDim 5", { ...small, headDim: 5 }, { dtype: "f16", biasBroadcast: [0] }, false);
  add("packed q, k, v", { ...small, keys: [7] }, { isPacked: true });
  add("packed q, k, v of headDim 64", { batch: 1, queries: 19, keys: [19], heads: 2, headDim: 64 }, { isPacked: true }, false);
  add("packed f16", { ...small, keys: [7], headDim: 5 }, { isPacked: true, dtype: "f16" }, false);
  add("large scores", { ...small, headDim: 32 }, { sharpness: 30, scale: 1 }, true, ["none"]);
  add("scale 0", small, { scale: 0 }, false);
  add("no queries", { ...small, queries: 0 });
  add("no keys", { ...small, keys: [0] });
  add("no sequences", { ...small, batch: 0 });
  add("no heads", { ...small, heads: 0 }, {}, false);
  add("a base model's head", { batch: 1, queries: 197, keys: [197], heads: 1, headDim: 64 }, {}, false);
  return cases;
}
