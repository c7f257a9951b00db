import { sizeOf, type Access, type LoopKernel } from "@multiway/tensor/device";
import { mathText, type MathFunction } from "../wgsl/math.ts";
import type { Plan, View } from "../wgsl/stage.ts";
import { accessesOf, decodeIndices, loadsOf } from "./axes.ts";
import { writeBody, writeBodyOfFour, writeStores } from "./body.ts";

/** Below this, four elements per thread would leave a GPU idle. */
const minimumForFour = 4096;

/** One thread per index, or per four neighbours where every access along the innermost axis is contiguous and aligned, or constant. */
export function planPointwise(kernel: LoopKernel): Plan {
  const total = sizeOf(kernel.extents);
  const wide = total >= minimumForFour ? wideBuffers(kernel) : undefined;
  const used = new Set<MathFunction>();
  const extents = wide ? [...kernel.extents.slice(0, -1), kernel.extents.at(-1)! / 4] : kernel.extents;
  const threads = sizeOf(extents);
  const workgroupSize = threads >= 65536 ? 256 : 64;
  const indices = extents.map((_, axis) => `i${axis}`);
  const around = { buffers: kernel.buffers, indices, prefix: "v", use: (name: MathFunction) => void used.add(name) };
  const lines = decodeIndices("thread", extents, (axis) => (wide && axis === extents.length - 1 ? "fours" : `i${axis}`));
  if (wide) {
    lines.push(`let ${indices.at(-1)!} = 4i * fours;`, ...writeBodyOfFour(kernel.body, kernel.stores, around, ({ buffer }) => wide.has(buffer)));
  } else {
    const body = writeBody(kernel.body, around);
    lines.push(...body.lines, ...writeStores(kernel.stores, around, body.name));
  }
  return {
    scratchBytes: [],
    stages: [
      {
        label: kernel.label,
        views: loopViews(kernel, wide),
        workgroupSize,
        workgroups: Math.ceil(threads / workgroupSize),
        declarations: mathText(used),
        body: [`let thread = group * ${workgroupSize}u + lane;`, ...(threads % workgroupSize ? [`if (thread >= ${threads}u) { return; }`] : []), ...lines].map((line) => `  ${line}`).join("\n"),
      },
    ],
  };
}

/** The buffers that would be accessed as vec4, or undefined where that can't be. */
export function wideBuffers(kernel: LoopKernel): Set<number> | undefined {
  const innermost = kernel.extents.length - 1;
  if (innermost < 0 || kernel.extents[innermost]! % 4 !== 0) return undefined;
  const aligned = ({ offset, strides }: Access): boolean => [offset, ...strides.slice(0, innermost)].every((step) => step % 4 === 0);
  const wide = new Set<number>();
  const narrow = new Set<number>();
  for (const access of accessesOf(kernel)) {
    const stride = access.strides[innermost] ?? 0;
    if (stride === 1 && aligned(access)) wide.add(access.buffer);
    else if (stride === 0) narrow.add(access.buffer);
    else return undefined;
  }
  if (kernel.stores.some((store) => !wide.has(store.access.buffer)) || [...wide].some((buffer) => narrow.has(buffer))) return undefined;
  return wide;
}

export function loopViews(kernel: LoopKernel, wide?: ReadonlySet<number>): View[] {
  const written = new Set(kernel.stores.map(({ access }) => access.buffer));
  const read = new Set(loadsOf(kernel).map(({ buffer }) => buffer));
  // An epilogue has all buffers of its op, and leaves some alone.
  return kernel.buffers.flatMap((buffer, index) => {
    if (!written.has(index) && !read.has(index)) return [];
    const access = !written.has(index) ? "read" : read.has(index) ? "readwrite" : "write";
    return [{ name: `b${index}`, buffer: { kernel: index }, element: buffer.dtype, width: wide?.has(index) ? 4 : 1, access } satisfies View];
  });
}
