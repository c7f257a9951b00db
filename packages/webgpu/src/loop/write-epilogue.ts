import { epilogueLoop, type Epilogue, type OpKernel } from "@multiway/tensor/device";
import { writeBody, writeBodyOfFour, writeStores } from "./body.ts";
import { loopViews, wideBuffers } from "./pointwise.ts";
import { mathText, type MathFunction } from "../wgsl/math.ts";
import type { EpilogueText } from "../kernels/matmul-parts.ts";

/** @param mayBeWide whether the kernel has results by fours, aligned */
export function writeEpilogue(kernel: OpKernel, epilogue: Epilogue, mayBeWide: boolean): EpilogueText {
  const loop = epilogueLoop(kernel, epilogue);
  const own = kernel.outputs[0]!.buffer;
  const wide = mayBeWide ? wideBuffers(loop) : undefined;
  const indices = loop.extents.map((_, axis) => `i${axis}`);
  const used = new Set<MathFunction>();
  const around = { buffers: loop.buffers, indices, prefix: "v", own: { buffer: own, name: "own" }, use: (name: MathFunction) => void used.add(name) };
  const lines: string[] = [];
  if (wide) lines.push(...writeBodyOfFour(loop.body, loop.stores, around, ({ buffer }) => wide.has(buffer)));
  else {
    const body = writeBody(loop.body, around);
    lines.push(...body.lines, ...writeStores(loop.stores, around, body.name));
  }
  const keepsResult = loop.stores.every(({ access }) => access.buffer !== own);
  return {
    declarations: `${mathText(used)}
fn finish(${[...indices.map((name) => `${name}: i32`), `own: ${wide ? "vec4<f32>" : "f32"}`].join(", ")}) {
${lines.map((line) => `  ${line}`).join("\n")}
}`,
    views: loopViews(loop, wide).filter(({ buffer }) => !keepsResult || !("kernel" in buffer) || buffer.kernel !== own),
    keepsResult,
    isWide: wide !== undefined,
    call: (at, value) => `finish(${[...at.map((index) => `i32(${index})`), value].join(", ")});`,
  };
}
