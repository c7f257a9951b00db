import type { DType } from "@multiway/tensor/device";
import { contiguous, ops, type Result, type Tensor } from "./build.ts";
import { keyOf, product, type CaseBody, type ProgramCase } from "./case.ts";
import { numbersFor } from "./loads.ts";

const group = "matmul";
/** The absolute part follows the root of k: inputs are near 1. */
const tolerance = (k: number) => ({ relative: 1e-4, absolute: 1e-5 * Math.sqrt(k + 1) });

interface Operand {
  dtype?: DType;
  isTransposed?: boolean;
  /** Elements between rows beyond the row itself. */
  gap?: number;
  offset?: number;
  /** Batch axes with stride 0, by position. */
  broadcast?: readonly number[];
}

/** A [...batch, rows, columns] operand in a buffer of its own. */
export function operand(name: string, batch: readonly number[], rows: number, columns: number, { dtype = "f32", isTransposed = false, gap = 0, offset = 0, broadcast = [] }: Operand = {}): Tensor {
  const leading = (isTransposed ? rows : columns) + gap;
  const matrix = leading * (isTransposed ? columns : rows);
  const strides = isTransposed ? [1, leading] : [leading, 1];
  let stride = matrix;
  for (let axis = batch.length - 1; axis >= 0; axis--) {
    strides.unshift(broadcast.includes(axis) ? 0 : stride);
    if (!broadcast.includes(axis)) stride *= batch[axis]!;
  }
  const data = numbersFor(dtype, name, product(batch) === 0 ? offset : offset + stride);
  return { dtype, shape: [...batch, rows, columns], strides, offset, data };
}

function multiply(batch: readonly number[], m: number, k: number, n: number, a: Tensor, b: Tensor): CaseBody {
  return ops([a, b], [{ op: "matmul", inputs: [0, 1], results: [{ dtype: "f32", shape: [...batch, m, n], check: tolerance(k) }] }]);
}

function of(name: string, [m, k, n]: readonly [number, number, number], options: { batch?: readonly number[]; a?: Operand; b?: Operand; quick?: boolean } = {}): ProgramCase {
  const { batch = [], a = {}, b = {}, quick = true } = options;
  return { kind: "program", group, name, quick, body: () => multiply(batch, m, k, n, operand(`${name} a`, batch, m, k, a), operand(`${name} b`, batch, k, n, b)) };
}

export function matmulCases(): ProgramCase[] {
  const cases: ProgramCase[] = [];
  const sizes: readonly (readonly [number, number, number])[] = [[1, 1, 1], [3, 5, 7], [17, 128, 512], [64, 64, 64], [1, 300, 1], [1, 64, 129], [129, 64, 1], [5, 1, 9], [130, 33, 70], [0, 5, 7], [3, 0, 7], [3, 5, 0], [2, 4, 4], [197, 64, 64], [63, 256, 31], [4, 1000, 4], [33, 7, 257]];
  for (const size of sizes) cases.push(of(`${size.join("×")}`, size, { quick: size[0] * size[1] * size[2] < 300_000 || size[1] === 128 }));
  // Few tiles and a long k; few rows and many columns.
  for (const size of [[40, 1100, 48], [33, 2050, 31], [3, 130, 2052], [6, 100, 2050]] as const) cases.push(of(size.join("×"), size, { quick: false }));
  cases.push(of("2×132×50, b transposed", [2, 132, 50], { b: { isTransposed: true } }), of("5×70×50, both transposed", [5, 70, 50], { a: { isTransposed: true }, b: { isTransposed: true }, quick: false }));
  const quickSizes = new Set(["3×5×7", "64×64×64", "1×64×129"]);
  for (const size of [[3, 5, 7], [64, 64, 64], [17, 128, 96], [1, 64, 129], [33, 65, 31], [100, 24, 8]] as const) {
    for (const [name, isATransposed, isBTransposed] of [["a transposed", true, false], ["b transposed", false, true], ["both transposed", true, true]] as const) {
      cases.push(of(`${size.join("×")}, ${name}`, size, { a: { isTransposed: isATransposed }, b: { isTransposed: isBTransposed }, quick: quickSizes.has(size.join("×")) }));
    }
  }
  for (const [isATransposed, isBTransposed] of [[false, false], [true, false], [false, true], [true, true]] as const) {
    const name = `${isATransposed ? "aᵀ" : "a"} ${isBTransposed ? "bᵀ" : "b"}`;
    const flags = { a: { isTransposed: isATransposed }, b: { isTransposed: isBTransposed } };
    cases.push(of(`strided rows and odd offsets, ${name}`, [19, 23, 29], { a: { ...flags.a, gap: 3, offset: 5 }, b: { ...flags.b, gap: 7, offset: 1 } }));
    cases.push(of(`strided rows at multiples of 4, ${name}`, [32, 64, 48], { a: { ...flags.a, gap: 16, offset: 8 }, b: { ...flags.b, gap: 4, offset: 4 } }));
    for (const [halves, a, b] of [["f16 a", "f16", "f32"], ["f16 b", "f32", "f16"], ["f16 both", "f16", "f16"]] as const) {
      cases.push(of(`${halves}, ${name}`, [17, 40, 33], { a: { ...flags.a, dtype: a }, b: { ...flags.b, dtype: b } }));
      cases.push(of(`${halves}, odd strides and offsets, ${name}`, [5, 9, 7], { a: { ...flags.a, dtype: a, gap: 2, offset: 3 }, b: { ...flags.b, dtype: b, gap: 4, offset: 1 }, quick: false }));
    }
  }
  cases.push(of("f16 b, 64×64×64", [64, 64, 64], { b: { dtype: "f16" } }), of("f16 b transposed, 8×128×96", [8, 128, 96], { b: { dtype: "f16", isTransposed: true } }));
  cases.push(
    of("batch [2]", [3, 5, 7], { batch: [2] }),
    of("batch [3], 32×32×32", [32, 32, 32], { batch: [3] }),
    of("batch [2, 3]", [5, 8, 4], { batch: [2, 3] }),
    of("batch [2, 1, 3]", [5, 8, 4], { batch: [2, 1, 3], quick: false }),
    of("batch [2, 3, 2, 2]", [4, 6, 5], { batch: [2, 3, 2, 2] }),
    of("batch [0]", [3, 5, 7], { batch: [0] }),
    of("batch [2, 0]", [3, 5, 7], { batch: [2, 0], quick: false }),
    of("batch [7], vectors", [1, 16, 1], { batch: [7], quick: false }),
    of("batch [3], b shared", [9, 16, 11], { batch: [3], b: { broadcast: [0] } }),
    of("batch [3], a shared, b transposed", [9, 16, 11], { batch: [3], a: { broadcast: [0] }, b: { isTransposed: true } }),
    of("batch [2, 3], a shared along 0, b along 1", [4, 5, 6], { batch: [2, 3], a: { broadcast: [0] }, b: { broadcast: [1] } }),
    of("batch [2, 3], f16 b shared along both", [4, 5, 6], { batch: [2, 3], b: { broadcast: [0, 1], dtype: "f16" } }),
    of("batch [2, 3], a transposed with gaps", [12, 20, 16], { batch: [2, 3], a: { isTransposed: true, gap: 4, offset: 4 }, quick: false }),
  );
  const odd = (name: string, aStrides: readonly number[], aOffset: number, bStrides: readonly number[], bOffset: number): ProgramCase => ({
    kind: "program", group, name, quick: true,
    body: () => multiply([], 6, 9, 5,
      { dtype: "f32", shape: [6, 9], strides: aStrides, offset: aOffset, data: numbersFor("f32", `${name} a`, 400) },
      { dtype: "f32", shape: [9, 5], strides: bStrides, offset: bOffset, data: numbersFor("f32", `${name} b`, 400) }),
  });
  cases.push(
    odd("both strides above 1", [30, 2], 1, [3, 40], 2),
    odd("rows from the last to the first", [-9, 1], 45, [5, 1], 0),
    odd("columns from the last to the first", [9, 1], 0, [5, -1], 4),
    odd("one row repeated", [0, 1], 3, [5, 1], 0),
    odd("one column repeated", [1, 0], 3, [0, 0], 7),
  );
  cases.push({
    // Attention before fusion: [batch, length, heads, headDim] seen as [batch, heads, length, headDim].
    kind: "program", group, name: "heads inside rows, b transposed", quick: true,
    body: () => {
      const rows = (name: string, length: number) => numbersFor("f32", name, 2 * length * 3 * 8);
      return multiply([2, 3], 10, 8, 13,
        { dtype: "f32", shape: [2, 3, 10, 8], strides: [240, 8, 24, 1], data: rows("query", 10) },
        { dtype: "f32", shape: [2, 3, 8, 13], strides: [312, 8, 1, 24], data: rows("key", 13) });
    },
  });
  cases.push({
    kind: "program", group, name: "NaN and infinity reach only their row", quick: true,
    body: () => {
      const a = keyOf("not finite").normal(20 * 24);
      a[3 * 24 + 5] = NaN;
      a[7 * 24 + 1] = Infinity;
      return multiply([], 20, 24, 16, { dtype: "f32", shape: [20, 24], data: a }, operand("finite", [], 24, 16));
    },
  });
  cases.push(...epilogueCases());
  return cases;
}

/** Bias along the columns, a non-linear function, and a residual: what follows most products of a transformer. */
function withEpilogue(name: string, [m, k, n]: readonly [number, number, number], { batch = [], keepsResult = false, isTransposed = false, quick = true }: { batch?: readonly number[]; keepsResult?: boolean; isTransposed?: boolean; quick?: boolean } = {}): ProgramCase {
  return {
    kind: "program", group: "matmul with an epilogue", name, quick,
    body: () => {
      const shape = [...batch, m, n];
      const vector: Tensor = { dtype: "f32", shape: [n], data: numbersFor("f32", `${name} bias`, n) };
      const residual: Tensor = { dtype: "f32", shape, data: numbersFor("f32", `${name} residual`, product(shape)) };
      const check = { relative: 1e-4, absolute: 2e-5 * Math.sqrt(k + 1) };
      const own: Result[] = keepsResult ? [{ dtype: "f32", shape, check }] : [];
      return ops([operand(`${name} a`, batch, m, k), operand(`${name} b`, batch, k, n, { isTransposed }), vector, residual], [
        {
          op: "matmul", inputs: [0, 1],
          results: [...own, { dtype: "f32", shape, check }, { dtype: "f32", shape, check }, { dtype: "bool", shape, check: { relative: 0, absolute: 0 } }],
          epilogue: {
            keepsResult,
            reads: [{ tensor: 2, strides: [...shape.slice(0, -1).map(() => 0), 1] }, { tensor: 3, strides: contiguous(shape) }],
            write: (code, result, [bias, other]) => {
              const shifted = code.binary("add", result, bias!);
              // Far from 0, so that rounding does not decide.
              const isRowEven = code.binary("equal", code.binary("and", code.index(shape.length - 2), code.constant("i32", 1)), code.constant("i32", 0));
              return [code.binary("add", code.unary("tanh", shifted), other!), code.binary("multiply", shifted, other!), isRowEven];
            },
          },
        },
      ]);
    },
  };
}

function epilogueCases(): ProgramCase[] {
  return [
    withEpilogue("1×1×1", [1, 1, 1]),
    withEpilogue("3×5×7", [3, 5, 7]),
    withEpilogue("3×0×7", [3, 0, 7]),
    withEpilogue("0×5×7", [0, 5, 7]),
    withEpilogue("few rows, b transposed", [4, 70, 66], { isTransposed: true }),
    withEpilogue("64×64×64, result kept", [64, 64, 64], { keepsResult: true }),
    withEpilogue("17×33×29, result kept", [17, 33, 29], { keepsResult: true }),
    withEpilogue("130×70×94, several blocks at the edges", [130, 70, 94]),
    withEpilogue("65×600×131, k in blocks", [65, 600, 131], { quick: false }),
    withEpilogue("40×1100×48, few tiles and a long k", [40, 1100, 48], { keepsResult: true, quick: false }),
    withEpilogue("33×1100×31, few tiles and a long k, b transposed", [33, 1100, 31], { isTransposed: true, quick: false }),
    withEpilogue("batch [2, 3], 20×16×24", [20, 16, 24], { batch: [2, 3] }),
    withEpilogue("batch [3], 66×24×70, b transposed", [66, 24, 70], { batch: [3], isTransposed: true }),
  ];
}
