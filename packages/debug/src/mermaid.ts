import type { Program } from "@multiway/tensor/device";

/** No more than a page can draw. */
const maxKernels = 400;

/**
 * A program as a Mermaid flow chart: a box for each kernel with its ops, and arrows from who writes memory to who reads it. With call sites recorded, each op has its
 * shape, dtype and line.
 */
export function mermaidOf(program: Program): string {
  const lines = ["flowchart TD"];
  const writers = new Map<number, string>();
  const inputs = new Set<number>();
  const shown = program.steps.slice(0, maxKernels);
  shown.forEach((step, index) => {
    const kernel = program.kernels[step.kernel]!;
    const ops = (step.ops ?? []).map(({ name, shape, dtype, site }) => `${name} ${dtype}[${shape.join(", ")}] ${site}`);
    lines.push(`  k${index}["${[`<b>${escape(kernel.label)}</b>`, ...ops.map(escape)].join("<br>")}"]`);
    const written: number[] = [];
    step.buffers.forEach((buffer, position) => {
      const { access } = kernel.buffers[position]!;
      if (access !== "write") {
        const writer = writers.get(buffer);
        if (writer === undefined && !inputs.has(buffer)) {
          inputs.add(buffer);
          lines.push(`  b${buffer}(["${escape(nameOfBuffer(program, buffer))}"])`);
        }
        lines.push(`  ${writer ?? `b${buffer}`} --> k${index}`);
      }
      if (access !== "read") written.push(buffer);
    });
    for (const buffer of written) writers.set(buffer, `k${index}`);
  });
  if (program.steps.length > maxKernels) lines.push(`  more["… and ${program.steps.length - maxKernels} more kernels"]`);
  return `${[...new Set(lines)].join("\n")}\n`;
}

function nameOfBuffer({ buffers }: Program, index: number): string {
  const { dtype, length, place } = buffers[index]!;
  const name = place.kind === "binding" ? `argument ${place.index}` : place.kind === "scalars" ? "numbers" : place.kind;
  return `${name}: ${dtype} × ${length}`;
}

/** Inside quotes, Mermaid takes entities. */
const escape = (text: string): string => text.replaceAll("#", "#35;").replaceAll('"', "#quot;").replaceAll("<", "#lt;").replaceAll(">", "#gt;");
