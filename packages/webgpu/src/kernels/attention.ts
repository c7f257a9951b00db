import { alignedRows, at, nothing, reads, writes, type OpKernelChoice } from "./op-kernel.ts";
import { attentionInputs, batchAndHead, headFour, headView, infinities, paddedFours, storeHeadFour, type AttentionInputs } from "./attention-inputs.ts";
import { float } from "./layer-norm.ts";
import { joinSegments } from "./join-segments.ts";
import type { PlanLimits } from "../wgsl/stage.ts";

/** Rows of queries of a workgroup; four lanes share each. */
const blockQueries = 16;

/** Keys that fit workgroup memory beside the queries, the weights and a maximum of each lane, or 0. */
function blockKeysOf(headDim: number, limits: PlanLimits): number {
  const width = 4 * paddedFours(headDim);
  const most = Math.floor((limits.maxWorkgroupBytes / 4 - 4 * blockQueries - blockQueries * width) / (width + blockQueries));
  return most < 4 ? 0 : Math.min(32, 2 ** Math.floor(Math.log2(most)));
}

const bindingsOf = ({ segments, bias }: AttentionInputs): number => 3 + 2 * segments.length + (bias ? 1 : 0);

/**
 * Flash attention: a workgroup walks all keys for 16 queries of one head, a block of keys at a time in workgroup memory, and keeps for each
 * query the largest score so far, the sum of exponentials and the weighted values. Scores never reach memory.
 */
const attentionFlash: OpKernelChoice = {
  name: "attentionFlash",
  accepts: (kernel, limits) => {
    const of = attentionInputs(kernel);
    // For a handful of scores, tiles would be padding.
    return of.queries * of.totalKeys >= 256 && of.queries >= 4 && blockKeysOf(of.headDim, limits) > 0 && bindingsOf(of) <= limits.maxStorageBuffers;
  },
  plan(kernel, limits) {
    const of = attentionInputs(kernel);
    const { q, segments, bias, queries, heads, headDim } = of;
    const [out, logSumExp] = kernel.outputs as [typeof q, typeof q];
    if (of.batch * queries * heads === 0) return nothing;
    const blockKeys = blockKeysOf(headDim, limits);
    const fours = paddedFours(headDim);
    const own = fours / 4;
    const perLane = blockKeys / 4;
    const blocks = segments.map(({ keys }) => Math.ceil(keys / blockKeys));
    const queryBlocks = Math.ceil(queries / blockQueries);
    const lanes = Array.from({ length: own }, (_, n) => n);
    const keysOfLane = Array.from({ length: perLane }, (_, n) => n);
    /** One branch per segment: where the block starts, and how to fill the tile from it. */
    const fill = (name: "k" | "v"): string => {
      let before = 0;
      return segments
        .map((segment, s) => {
          const row = `(block - ${before}u) * ${blockKeys}u + t / ${fours}u`;
          before += blocks[s]!;
          const load = headFour(`${name}${s}`, segment[name], "key", `(t % ${fours}u)`);
          return `if (block < ${before}u) { let key = ${row}; if (key < ${segment.keys}u) { x = ${load}; } }`;
        })
        .join("\n      else ");
    };
    let before = 0;
    const place = segments
      .map((segment, s) => {
        const text = `if (block < ${before + blocks[s]!}u) { first = ${segment.first}u + (block - ${before}u) * ${blockKeys}u; end = ${segment.first + segment.keys}u; }`;
        before += blocks[s]!;
        return text;
      })
      .join(" else ");
    return {
      scratchBytes: [],
      stages: [
        {
          label: `${kernel.label} attentionFlash`,
          views: [
            headView("q", q),
            ...segments.flatMap(({ k, v }, s) => [headView(`k${s}`, k), headView(`v${s}`, v)]),
            ...(bias ? [reads("bias", bias)] : []),
            writes("out", out, alignedRows(out) ? 4 : 1),
            writes("log_sum_exp", logSumExp),
          ],
          workgroupSize: 64,
          workgroups: of.batch * heads * queryBlocks,
          declarations: `
${infinities}
var<workgroup> q_tile: array<vec4<f32>, ${blockQueries * fours}>;
// The keys of a block, then its values.
var<workgroup> tile: array<vec4<f32>, ${blockKeys * fours}>;
var<workgroup> weights: array<f32, ${blockQueries * blockKeys}>;
var<workgroup> largest_of: array<f32, 64>;`,
          body: `
  ${batchAndHead(`group / ${queryBlocks}u`, heads)}
  let query0 = (group % ${queryBlocks}u) * ${blockQueries}u;
  let r = lane / 4u;
  let c = lane % 4u;
  let query = query0 + r;
  for (var t = lane; t < ${blockQueries * fours}u; t += 64u) {
    let i = min(query0 + t / ${fours}u, ${queries - 1}u);
    q_tile[t] = ${headFour("q", q, "i", `(t % ${fours}u)`)};
  }
  var largest = minus_infinity();
  var total = 0.0f;
${lanes.map((n) => `  var out${n} = vec4<f32>(0.0f);`).join("\n")}
  for (var block = 0u; block < ${before}u; block++) {
    var first = 0u;
    var end = 0u;
    ${place}
    for (var t = lane; t < ${blockKeys * fours}u; t += 64u) {
      var x = vec4<f32>(0.0f);
      ${fill("k")}
      tile[t] = x;
    }
    workgroupBarrier();
${keysOfLane.map((n) => `    var s${n} = 0.0f;`).join("\n")}
    for (var t = 0u; t < ${fours}u; t++) {
      let x = q_tile[r * ${fours}u + t];
${keysOfLane.map((n) => `      s${n} += dot(x, tile[(c + ${4 * n}u) * ${fours}u + t]);`).join("\n")}
    }
${keysOfLane
  .map((n) => {
    const key = `first + c + ${4 * n}u`;
    const score = `${float(of.scale)} * s${n}${bias ? ` + load_bias(${at(bias, ["b", "h", "min(query, " + (queries - 1) + "u)", `min(${key}, ${of.totalKeys - 1}u)`])})` : ""}`;
    return `    s${n} = select(minus_infinity(), ${score}, ${key} < end);`;
  })
  .join("\n")}
    largest_of[lane] = ${keysOfLane.slice(1).reduce((sofar, n) => `max(${sofar}, s${n})`, "s0")};
    workgroupBarrier();
    for (var t = lane; t < ${blockKeys * fours}u; t += 64u) {
      var x = vec4<f32>(0.0f);
      ${fill("v")}
      tile[t] = x;
    }
    let highest = max(largest, max(max(largest_of[4u * r], largest_of[4u * r + 1u]), max(largest_of[4u * r + 2u], largest_of[4u * r + 3u])));
    // A hidden key's weight is 0 by choice: exp(-inf) need not be exact. Each is computed once, by the lane that has the score.
${keysOfLane.map((n) => `    weights[r * ${blockKeys}u + c + ${4 * n}u] = select(exp(s${n} - highest), 0.0f, is_minus_infinity(s${n}));`).join("\n")}
    workgroupBarrier();
    if (!is_minus_infinity(highest)) {
      let shrink = select(exp(largest - highest), 0.0f, is_minus_infinity(largest));
      total *= shrink;
${lanes.map((n) => `      out${n} *= shrink;`).join("\n")}
      for (var j = 0u; j < ${blockKeys}u; j++) {
        let weight = weights[r * ${blockKeys}u + j];
        total += weight;
${lanes.map((n) => `        out${n} += weight * tile[j * ${fours}u + ${4 * n}u + c];`).join("\n")}
      }
      largest = highest;
    }
    workgroupBarrier();
  }
  if (query < ${queries}u) {
    // A query that sees no key has no weights.
    let none = is_minus_infinity(largest);
    let share = select(1.0f / total, not_a_number(), none);
${lanes.map((n) => `    ${storeHeadFour("out", out, "query", `(${4 * n}u + c)`, `out${n} * share`)}`).join("\n")}
    if (c == 0u) { store_log_sum_exp(${at(logSumExp, ["b", "h", "query"])}, select(largest + log(total), ${of.totalKeys === 0 ? "minus_infinity()" : "not_a_number()"}, none)); }
  }`,
        },
      ],
    };
  },
};

/** One thread per query and head; the weighted values gather in the result itself. For few scores or heads too wide for tiles. */
const attentionPlain: OpKernelChoice = {
  name: "attentionPlain",
  accepts: (kernel, limits) => bindingsOf(attentionInputs(kernel)) <= limits.maxStorageBuffers,
  plan(kernel) {
    const of = attentionInputs(kernel);
    const { q, segments, bias, queries, heads, headDim } = of;
    const [out, logSumExp] = kernel.outputs as [typeof q, typeof q];
    const rows = of.batch * heads * queries;
    if (rows === 0) return nothing;
    const functions = segments.map(({ k, first }, s) => `
fn score${s}(b: u32, h: u32, query: u32, key: u32) -> f32 {
  var sum = 0.0f;
  for (var d = 0u; d < ${headDim}u; d++) { sum += load_q(${at(q, ["b", "query", "h", "d"])}) * load_k${s}(${at(k, ["b", "key", "h", "d"])}); }
  return ${float(of.scale)} * sum${bias ? ` + load_bias(${at(bias, ["b", "h", "query", `key + ${first}u`])})` : ""};
}`);
    return {
      scratchBytes: [],
      stages: [
        {
          label: `${kernel.label} attentionPlain`,
          views: [
            reads("q", q),
            ...segments.flatMap(({ k, v }, s) => [reads(`k${s}`, k), reads(`v${s}`, v)]),
            ...(bias ? [reads("bias", bias)] : []),
            { ...writes("out", out), access: "readwrite" },
            writes("log_sum_exp", logSumExp),
          ],
          workgroupSize: 64,
          workgroups: Math.ceil(rows / 64),
          declarations: infinities + functions.join(""),
          body: `
  let flat = group * 64u + lane;
  if (flat >= ${rows}u) { return; }
  let query = flat % ${queries}u;
  ${batchAndHead(`flat / ${queries}u`, heads)}
  let start = ${at(out, ["b", "query", "h", "0u"])};
  for (var d = 0u; d < ${headDim}u; d++) { store_out(start + d, 0.0f); }
  var largest = minus_infinity();
${segments.map(({ keys }, s) => `  for (var key = 0u; key < ${keys}u; key++) { largest = max(largest, score${s}(b, h, query, key)); }`).join("\n")}
  let none = is_minus_infinity(largest);
  var total = 0.0f;
${segments
  .map(
    ({ keys, v }, s) => `  for (var key = 0u; key < ${keys}u; key++) {
    let s = score${s}(b, h, query, key);
    let weight = select(exp(s - largest), 0.0f, is_minus_infinity(s));
    total += weight;
    for (var d = 0u; d < ${headDim}u; d++) { store_out(start + d, load_out(start + d) + weight * load_v${s}(${at(v, ["b", "key", "h", "d"])})); }
  }`,
  )
  .join("\n")}
  for (var d = 0u; d < ${headDim}u; d++) { store_out(start + d, select(load_out(start + d) / total, not_a_number(), none)); }
  store_log_sum_exp(${at(logSumExp, ["b", "h", "query"])}, select(largest + log(total), ${of.totalKeys === 0 ? "minus_infinity()" : "not_a_number()"}, none));`,
        },
      ],
    };
  },
};

export const attentionKernels: readonly OpKernelChoice[] = [attentionFlash, attentionPlain, joinSegments("attentionJoined", [attentionFlash, attentionPlain])];
