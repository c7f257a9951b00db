import { at, bool, build, f16, f32, samples, type Input, type Plain } from "@multiway/testing/op-samples";

interface Options {
  segments: number;
  bias?: boolean;
  scale?: number;
}

function expected(inputs: readonly Plain[], { segments, bias, scale }: Options): Plain {
  const query = inputs[0]!;
  const headDim = query.shape[3]!;
  const keys = Array.from({ length: segments }, (_, segment) => [inputs[1 + 2 * segment]!, inputs[2 + 2 * segment]!] as const).flatMap(([key, value]) => Array.from({ length: key.shape[1]! }, (_, place) => ({ key, value, place })));
  const ofBias = bias ? inputs.at(-1)! : undefined;
  return build(query.shape, ([batch, row, head, column]) => {
    const scores = keys.map(({ key, place }, position) => {
      let score = 0;
      for (let d = 0; d < headDim; d++) score += at(query, [batch!, row!, head!, d]) * at(key, [batch!, place, head!, d]);
      return score * (scale ?? 1 / Math.sqrt(headDim)) + (ofBias ? at(ofBias, [batch!, head!, row!, position]) : 0);
    });
    const largest = Math.max(...scores);
    const weights = scores.map((score) => Math.exp(score - largest));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return keys.reduce((sum, { value, place }, position) => sum + (weights[position]! / total) * at(value, [batch!, place, head!, column!]), 0);
  });
}

const shape = (batch: number, length: number, heads: number, headDim: number) => [batch, length, heads, headDim];
const call = (batch: number, queries: number, keys: number[], heads: number, headDim: number, more: Input[] = [], options: Partial<Options> = {}) => ({
  inputs: [f32(shape(batch, queries, heads, headDim)), ...keys.flatMap((count) => [f32(shape(batch, count, heads, headDim)), f32(shape(batch, count, heads, headDim))]), ...more],
  options: { segments: keys.length, ...options },
});

export const attention = samples<Options>("attention", {
  run: (inputs, { segments, bias, scale }) => {
    const pick = (offset: number) => Array.from({ length: segments }, (_, segment) => inputs[offset + 2 * segment]!);
    return inputs[0]!.attention(segments === 1 ? pick(1)[0]! : pick(1), segments === 1 ? pick(2)[0]! : pick(2), { bias: bias ? inputs.at(-1)! : undefined, scale });
  },
  expected,
  samples: [
    call(2, 3, [5], 2, 4),
    call(1, 1, [1], 1, 1),
    call(1, 7, [3, 4], 2, 8),
    call(2, 2, [1, 3, 2], 1, 3, [], { scale: 0.3 }),
    call(2, 3, [4], 2, 4, [f32([2, 2, 3, 4])], { bias: true }),
    call(2, 3, [2, 3], 2, 4, [f32([3, 5])], { bias: true }),
    call(2, 2, [4], 3, 2, [f32([2, 1, 1, 4])], { bias: true }),
    call(1, 3, [3], 2, 4, [f32([3, 3], { list: [0, -Infinity, -Infinity, 0, 0, -Infinity, 0, 0, 0] })], { bias: true }),
    call(0, 3, [3], 2, 4),
    call(1, 0, [3], 2, 4),
    call(1, 17, [33], 1, 16),
    { inputs: [f16([1, 3, 2, 4]), f16([1, 4, 2, 4]), f16([1, 4, 2, 4])], options: { segments: 1 } },
  ].map((sample, position) => (position === 7 ? { ...sample, gradient: 0 as const } : sample)),
  gradient: 1,
  precision: "summed",
  failures: [
    { inputs: [f32([2, 3])], run: ([q]) => q!.attention(q!, q!), message: "attention: query has shape [2, 3]; expected [batch, length, heads, headDim]." },
    { inputs: [f32([2, 3])], run: ([q]) => q!.attention(q!, q!, { bias: q! }), message: "attention: query has shape [2, 3]; expected [batch, length, heads, headDim]." },
    {
      inputs: [f32([1, 2, 2, 4]), f32([1, 3, 2, 5])],
      run: ([q, k]) => q!.attention(k!, k!),
      message: "attention: key 0 has shape [1, 3, 2, 5] beside a query of [1, 2, 2, 4]; expected [1, keys, 2, 4], keys equal for key and value.",
    },
    { inputs: [f32([1, 2, 2, 4]), f32([1, 3, 2, 4]), f32([2, 2])], run: ([q, k, bias]) => q!.attention(k!, k!, { bias: bias! }), message: "attention: bias has shape [2, 2]; expected [1, 2, 2, 3], or extents of 1 in it." },
    { inputs: [f32([1, 2, 2, 4]), bool([2, 2])], run: ([q, bias]) => q!.attention(q!, q!, { bias: bias! }), message: "attention: bias is bool; expected numbers to add to the scores. Write isHidden.where(-Infinity, 0)." },
    { inputs: [f32([1, 2, 2, 4])], run: ([q]) => q!.attention([q!, q!], q!), message: "attention: 2 segments of keys and 1 of values; expected as many of each, at least one." },
  ],
});
