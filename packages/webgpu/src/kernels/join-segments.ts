import { sizeOf, type Layout, type OpKernel } from "@multiway/tensor/device";
import type { Stage, View } from "../wgsl/stage.ts";
import { attentionInputs } from "./attention-inputs.ts";
import { at, reads, writes, type OpKernelChoice } from "./op-kernel.ts";

/** Buffers behind the kernel's own, which the plan's scratch stands for. */
interface Joined {
  kernel: OpKernel;
  scratchBytes: number[];
  stages: Stage[];
}

/** Copies the keys and values of all segments behind each other, for more segments than an adapter has bindings; then attends to one. */
export function joinSegments(name: string, choices: readonly OpKernelChoice[]): OpKernelChoice {
  return {
    name,
    accepts: () => true,
    async plan(kernel, limits) {
      const joined = join(kernel);
      const choice = choices.find((candidate) => candidate.accepts(joined.kernel, limits))!;
      const plan = await choice.plan(joined.kernel, limits);
      const own = kernel.buffers.length;
      // Buffers behind the kernel's own are the joined ones: the first scratch buffers of this plan.
      const view = (of: View): View =>
        "scratch" in of.buffer ? { ...of, buffer: { scratch: of.buffer.scratch + joined.scratchBytes.length } } : of.buffer.kernel >= own ? { ...of, buffer: { scratch: of.buffer.kernel - own } } : of;
      return { scratchBytes: [...joined.scratchBytes, ...plan.scratchBytes], stages: [...joined.stages, ...plan.stages.map((stage) => ({ ...stage, views: stage.views.map(view) }))] };
    },
  };
}

function join(kernel: OpKernel): Joined {
  const of = attentionInputs(kernel);
  const shape = [of.batch, of.totalKeys, of.heads, of.headDim];
  const strides = [of.totalKeys * of.heads * of.headDim, of.heads * of.headDim, of.headDim, 1];
  const layouts = [0, 1].map((i): Layout => ({ buffer: kernel.buffers.length + i, dtype: "f32", shape, strides, offset: 0 }));
  const stages = of.segments.flatMap(({ k, v, keys, first }, s) =>
    [k, v].map((source, i): Stage => {
      const total = sizeOf(source.shape);
      return {
        label: `${kernel.label} join ${i === 0 ? "keys" : "values"} ${s}`,
        views: [reads("x", source), { ...writes("y", layouts[i]!), buffer: { scratch: i } }],
        workgroupSize: 64,
        workgroups: Math.ceil(total / 64),
        body: `
  let element = group * 64u + lane;
  if (element >= ${total}u) { return; }
  let d = element % ${of.headDim}u;
  let h = (element / ${of.headDim}u) % ${of.heads}u;
  let row = (element / ${of.headDim * of.heads}u) % ${keys}u;
  let b = element / ${of.headDim * of.heads * keys}u;
  store_y(${at(layouts[i]!, ["b", `(row + ${first}u)`, "h", "d"])}, load_x(${at(source, ["b", "row", "h", "d"])}));`,
      };
    }),
  );
  const after = kernel.inputs.slice(1 + 2 * of.segments.length);
  return {
    kernel: { ...kernel, attributes: { ...kernel.attributes, segments: 1 }, inputs: [kernel.inputs[0]!, ...layouts, ...after] },
    scratchBytes: layouts.map(() => 4 * sizeOf(shape)),
    stages,
  };
}
