import type { LoopKernel, Step } from "@multiway/tensor/device";
import { exactly } from "../compare.ts";
import { Code, input, loop, output, Places, reads, writes } from "./build.ts";
import { close, type CaseBuffer, type ProgramCase } from "./case.ts";
import { numbersFor } from "./loads.ts";
import { affine, sum } from "./programs.ts";

const group = "launches";

/** Nothing, single elements, odd lengths, several workgroups and tasks; and lengths that come again. */
const lengths = [1000, 0, 1, 3, 33_333, 4096, 1, 77, 1000, 5];

const joined = (steps: readonly Step[]): Step[] => steps.map((step, position) => (position === 0 ? step : { ...step, joins: true }));

/** With numbers of each kind: in place, and from one buffer to another. */
function elementwise(): ProgramCase[] {
  return (["apart", "in place"] as const).map((access): ProgramCase => ({
    kind: "program", group, name: `loops of ten lengths and with ten pairs of numbers, ${access}`, quick: true,
    body: (alignment) => {
      const places = new Places(alignment);
      const kernels = lengths.map((length, position) => affine(length, [2, -0.5, 1e-30, 3e5][position % 4]!, position - 4, access));
      const buffers: CaseBuffer[] = [];
      const steps = lengths.map((length, kernel): Step => {
        const source = places.binding("f32", length);
        buffers.push({ ...input("f32", numbersFor("f32", `${kernel}`, length)), ...(access === "in place" && { check: close }) });
        if (access === "in place") return { kernel, buffers: [source] };
        buffers.push(output("f32", [length], close));
        return { kernel, buffers: [source, places.binding("f32", length)] };
      });
      return { program: places.program(kernels, joined(steps)), buffers };
    },
  }));
}

/** In scratch memory and in bindings; a second launch needs all of the first. */
function throughTheArena(): ProgramCase {
  return {
    kind: "program", group, name: "two launches, the second of which needs what the first left in scratch memory", quick: true,
    body: (alignment) => {
      const places = new Places(alignment);
      const common = places.binding("f32", Math.max(...lengths));
      const buffers = [input("f32", numbersFor("f32", "common", Math.max(...lengths)))];
      const kernels = [...lengths.map((length, position) => affine(length, position + 1, 0.5)), ...lengths.map((length) => sum(length))];
      const between = lengths.map((length) => places.arena("f32", length));
      const first = lengths.map((_, kernel): Step => ({ kernel, buffers: [common, between[kernel]!] }));
      const second = lengths.map((length, position): Step => {
        buffers.push(output("f32", [length], close));
        // Of the same length, or one that holds all of them.
        const other = lengths.findLastIndex((candidate) => candidate === length);
        return { kernel: lengths.length + position, buffers: [between[position]!, other === position ? common : between[other]!, places.binding("f32", length)] };
      });
      return { program: places.program(kernels, [...joined(first), ...joined(second)]), buffers };
    },
  };
}

/** z[i] = x[offset + stride · i] ⊕ c, over words; c is a scalar handed in. */
function gathers(): ProgramCase[] {
  return (["f32", "u32", "i32"] as const).map((dtype): ProgramCase => ({
    kind: "program", group, name: `loops over ${dtype} with strides and offsets of their own`, quick: true,
    body: (alignment) => {
      const places = new Places(alignment);
      const forms = [[0, 1, 50], [49, -1, 50], [3, 7, 6], [12, 0, 9], [5, 1, 1], [1, 2, 20]] as const;
      const word = places.scalars(dtype, 4);
      const source = places.binding(dtype, 50);
      const buffers = [input(dtype, numbersFor(dtype, "strided", 50))];
      const kernels = forms.map(([offset, stride, length], position): LoopKernel => {
        const code = new Code();
        const value = code.binary(dtype === "f32" ? "multiply" : "xor", code.load(dtype, 0, [stride], offset), code.load(dtype, 1, [0], position % 4));
        const chosen = code.binary("maximum", value, code.constant(dtype, dtype === "f32" && position === 1 ? "-inf" : position));
        return loop(`gather ${position}`, { buffers: [...reads(dtype, dtype), ...writes(dtype)], extents: [length], body: code.instructions, stores: [{ access: { buffer: 2, offset: 2, strides: [1] }, value: chosen }] });
      });
      const steps = forms.map(([, , length], kernel): Step => {
        // Elements 0 and 1 stay as they are.
        buffers.push({ ...input(dtype, numbersFor(dtype, "kept", length + 2)), check: dtype === "f32" ? close : exactly });
        return { kernel, buffers: [source, word, places.binding(dtype, length + 2)] };
      });
      const scalars = new Uint32Array(Float32Array.of(0.5, -2, 3, 0.25).buffer);
      return { program: places.program(kernels, joined(steps), 4), buffers, runs: [{ bindings: buffers.map((_, position) => position), scalars }] };
    },
  }));
}

/** Mean and maximum of squares; what is added to the mean is read behind the reduction. */
function reductions(): ProgramCase {
  return {
    kind: "program", group, name: "sums and maxima of ten lengths", quick: true,
    body: (alignment) => {
      const places = new Places(alignment);
      const all = [...lengths, 200_003];
      const buffers: CaseBuffer[] = [];
      const kernels = all.map((length, position): LoopKernel => {
        const code = new Code();
        const x = code.load("f32", 0, [1]);
        const square = code.binary("multiply", x, x);
        const after = new Code();
        const mean = after.binary("divide", after.reduced("f32", 0), after.constant("f32", Math.max(1, length)));
        const value = after.binary("add", mean, after.load("f32", 1, [], position % 3));
        return loop(`squares ${position}`, {
          buffers: [...reads("f32", "f32"), ...writes("f32", "f32")], extents: [],
          reduction: { extents: [length], body: code.instructions, results: [{ combine: "sum", value: square }, { combine: "maximum", value: x }] },
          body: [...after.instructions, { op: "reduced", type: "f32", result: 1 }],
          stores: [{ access: { buffer: 2, offset: 0, strides: [] }, value }, { access: { buffer: 3, offset: 0, strides: [] }, value: after.instructions.length }],
        });
      });
      const added = places.binding("f32", 3);
      buffers.push(input("f32", numbersFor("f32", "added", 3)));
      const steps = all.map((length, kernel): Step => {
        buffers.push(input("f32", numbersFor("f32", `line ${kernel}`, length)), output("f32", [], close), output("f32", [], exactly));
        return { kernel, buffers: [places.binding("f32", length), added, places.binding("f32", 1), places.binding("f32", 1)] };
      });
      return { program: places.program(kernels, joined(steps)), buffers };
    },
  };
}

/** Other buffers in each run, and the first ones again. */
function otherBindings(): ProgramCase {
  const count = 12;
  return {
    kind: "program", group, name: "run again with other bindings", quick: true,
    body: (alignment) => {
      const places = new Places(alignment);
      const kernels = Array.from({ length: count }, (_, position) => affine(50 + position, 0.5, position, "in place"));
      const steps = kernels.map((_, kernel): Step => ({ kernel, buffers: [places.binding("f32", 50 + kernel)] }));
      const buffers = Array.from({ length: 2 * count }, (_, position): CaseBuffer => ({ ...input("f32", numbersFor("f32", `set ${position}`, 50 + (position % count))), check: close }));
      const first = steps.map((_, position) => position);
      const mixed = first.map((position) => position + (position % 2) * count);
      return { program: places.program(kernels, joined(steps)), buffers, runs: [first, first.map((position) => position + count), mixed, first].map((bindings) => ({ bindings })) };
    },
  };
}

/** Steps that run together; a device does so as far as it can. */
export const launchCases = (): ProgramCase[] => [...elementwise(), throughTheArena(), ...gathers(), reductions(), otherBindings()];
