import type { Layout } from "@multiway/tensor/device";
import { alignedColumns, alignedRows, at, word } from "./op-kernel.ts";

/**
 * A tile of an operand in workgroup memory, as rows of vec4: those of a are rows of a, with steps of k side by side; those of b are steps of k, with
 * columns side by side.
 */
export interface OperandTile {
  /** Of the view, the workgroup array and the names in the text. */
  name: "a" | "b";
  layout: Layout;
  /** Rows of the tile, and elements of each. */
  major: number;
  minor: number;
  /** Which of the two runs along k. */
  depthIs: "major" | "minor";
  threads: number;
  /** Of the batch axes. */
  batch: readonly string[];
  /** The first row of a, or column of b. */
  start: string;
  /** Steps of k in a tile. */
  depth: number;
  /** A statement that writes four elements of a row of the tile; `four` counts such groups. */
  write: (row: string, four: string, value: string) => string;
}

export interface OperandText {
  width: 1 | 4;
  /** Where in the tile the thread's elements go, and where in memory they start; variables for them. */
  prepare: string[];
  /** Reads the elements at `depth` into the variables. */
  fetch: string[];
  /** Writes the variables to the tile. */
  put: string[];
}

/**
 * Each thread moves vec4s, through registers, so that the next tile is on its way while this one is multiplied. Where memory runs along the tile's rows
 * it moves one vec4 at a time, where it runs across them a block of 4 × 4 that it turns; unaligned memory is read by elements.
 */
export function operandText(of: OperandTile, depthExtent: number): OperandText {
  const { layout, depthIs, major, minor } = of;
  const [majorStride, minorStride] = layout.strides.slice(-2) as [number, number];
  const across = minorStride !== 1 && majorStride === 1;
  const wide = across ? alignedColumns(layout) : alignedRows(layout);
  const blocked = across && wide;
  const [majors, minors] = blocked ? [major / 4, minor / 4] : [major, minor / 4];
  const items = majors * minors;
  const each = Math.ceil(items / of.threads);
  const names = Array.from({ length: each }, (_, p) => `${of.name}${p}`);
  const guard = items < of.threads ? `lane < ${items}u` : "";
  const when = (text: string): string => (guard ? `if (${guard}) { ${text} }` : text);
  const isDepth = { major: depthIs === "major", minor: depthIs === "minor" };
  const outerExtent = layout.shape.at(isDepth.major ? -1 : -2)!;
  const outerTile = isDepth.major ? minor : major;

  /** Where element (row, column) of the tile lies in memory at depth 0. */
  const place = (row: string, column: string): string => at(layout, [...of.batch, isDepth.major ? row : `${of.start} + ${row}`, isDepth.minor ? column : `${of.start} + ${column}`]);
  const depthStride = word(isDepth.major ? majorStride : minorStride);
  // Joined by `&`: what `&&` skips would be a branch for each element.
  const inside = (row: string, column: string): string => {
    const [outer, depth] = isDepth.major ? [column, row] : [row, column];
    return [outerExtent % outerTile === 0 ? "" : `${of.start} + ${outer} < ${outerExtent}u`, depthExtent % of.depth === 0 ? "" : `depth + ${depth} < ${depthExtent}u`]
      .filter(Boolean)
      .map((condition, _, { length }) => (length > 1 ? `(${condition})` : condition))
      .join(" & ");
  };
  const guarded = (value: string, zero: string, condition: string): string => (condition ? `select(${zero}, ${value}, ${condition})` : value);

  const prepare = names.flatMap((name, p) => {
    const item = p === 0 ? "lane" : `(lane + ${p * of.threads}u)`;
    // Neighbouring threads follow memory.
    const [row, four] = across ? [`${item} % ${majors}u`, `${item} / ${majors}u`] : [`${item} / ${minors}u`, `${item} % ${minors}u`];
    return [
      `let ${name}_row = ${blocked ? `4u * (${row})` : row}; let ${name}_four = ${four};`,
      `let ${name}_at = ${place(`${name}_row`, `4u * ${name}_four`)};`,
      ...(blocked ? [0, 1, 2, 3].map((q) => `var ${name}_${q}: vec4<f32>;`) : [`var ${name}_0: vec4<f32>;`]),
    ];
  });
  const fetch = names.map((name) => {
    const at0 = `${name}_at + depth * ${depthStride}`;
    if (blocked) {
      const q = (i: number): string => guarded(`load_${of.name}((${at0} + ${word(i * minorStride)}) >> 2u)`, "vec4<f32>(0.0f)", inside(`${name}_row`, `4u * ${name}_four + ${i}u`));
      return when([0, 1, 2, 3].map((i) => `${name}_${i} = ${q(i)};`).join(" "));
    }
    const value = wide
      ? guarded(`load_${of.name}((${at0}) >> 2u)`, "vec4<f32>(0.0f)", inside(`${name}_row`, `4u * ${name}_four`))
      : `vec4<f32>(${[0, 1, 2, 3].map((i) => guarded(`load_${of.name}(${at0} + ${word(i * minorStride)})`, "0.0f", inside(`${name}_row`, `4u * ${name}_four + ${i}u`))).join(", ")})`;
    return when(`${name}_0 = ${value};`);
  });
  const put = names.map((name) => {
    if (!blocked) return when(of.write(`${name}_row`, `${name}_four`, `${name}_0`));
    return when([0, 1, 2, 3].map((r) => of.write(`(${name}_row + ${r}u)`, `${name}_four`, `vec4<f32>(${[0, 1, 2, 3].map((q) => `${name}_${q}[${r}]`).join(", ")})`)).join(" "));
  });
  return { width: wide ? 4 : 1, prepare, fetch, put };
}
