import { f32, f32x4, i32, i32x4, type Code, type I32, type Local, type V128 } from "../assembler/index.ts";
import { headParameters, word, type Values } from "./attention-operands.ts";
import type { ParameterTypes } from "./kernel.ts";

/** Parameters of everything that attention and its gradient read alike. */
export function attentionParameters(segments: number): ParameterTypes {
  const ofSegment = (segment: number): ParameterTypes => ({ ...headParameters(`k${segment}`), ...headParameters(`v${segment}`), [`keys${segment}`]: "i32" });
  return {
    ...headParameters("q"),
    ...Object.assign({}, ...Array.from({ length: segments }, (_, segment) => ofSegment(segment))),
    bias: "i32", biasBatch: "i32", biasHead: "i32", biasRow: "i32", biasKey: "i32", hasBias: "i32",
    heads: "i32", queries: "i32", keys: "i32", headDim: "i32", scale: "f32",
  };
}

/** Goes through a row of scores by pairs of vectors, the last of them apart: it may hold up to seven numbers that are no scores. */
export function eachPair(code: Code, row: I32, rowBytes: I32, body: (address: I32, offset: I32, isLast: boolean) => void): void {
  const offset = code.local("i32");
  const lastPair = code.let(i32.sub(rowBytes, 32));
  code.for(offset, 0, lastPair, 32, () => body(code.let(i32.add(row, offset)), offset, false));
  body(code.let(i32.add(row, offset)), offset, true);
}

/** For the last eight places of a row: ones where there is a key. */
export function lastKeysMasks(code: Code, keys: I32): [Local<"v128">, Local<"v128">] {
  const present = code.let(i32x4.splat(i32.add(i32.and(i32.sub(keys, 1), 7), 1)));
  return [code.let(i32x4.gtS(present, i32x4.const(0, 1, 2, 3))), code.let(i32x4.gtS(present, i32x4.const(4, 5, 6, 7)))];
}

/** The address of a row of the bias with neighbouring keys: in place, or gathered into `scratch`. */
export function biasRow(code: Code, values: Values, batch: I32, head: I32, query: I32, scratch: I32): Local<"i32"> {
  const row = code.let(i32.add(word(values, "bias"), i32.mul(batch, word(values, "biasBatch"))));
  code.set(row, i32.add(row, i32.add(i32.mul(head, word(values, "biasHead")), i32.mul(query, word(values, "biasRow")))));
  code.if(i32.and(word(values, "hasBias"), i32.ne(word(values, "biasKey"), 4)), () => {
    const key = code.local("i32");
    const source = code.let(row);
    code.for(key, 0, i32.shl(word(values, "keys"), 2), 4, () => {
      code.store(i32.add(scratch, key), f32.load(source));
      code.increase(source, word(values, "biasKey"));
    });
    code.set(row, scratch);
  });
  return row;
}

/** scale · product + bias for a vector of products. */
export function scoreOf(code: Code, products: V128, scale: V128, bias: V128 | undefined): V128 {
  return bias ? code.fusedMultiplyAdd(products, scale, bias) : f32x4.mul(products, scale);
}
