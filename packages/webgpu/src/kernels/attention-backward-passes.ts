import type { Layout } from "@multiway/tensor/device";
import type { PlanLimits, Stage, View } from "../wgsl/stage.ts";
import { batchAndHead, headFour, headView, paddedFours, storeHeadFour, type AttentionInputs } from "./attention-inputs.ts";
import { float } from "./layer-norm.ts";
import { alignedRows, at, reads, writes } from "./op-kernel.ts";

/** One dispatch of the backward pass. */
export interface BackwardPass {
  label: string;
  name: string;
  of: AttentionInputs;
  segment: AttentionInputs["segments"][0];
  /** What each workgroup or thread owns: queries (the gradient of q) or keys (those of k and v). */
  side: "queries" | "keys";
  outputs: readonly Layout[];
  /** Add to what is there, as later segments do to the gradient of q. */
  adds: boolean;
  dbias: Layout | undefined;
}

/** Rows that a workgroup owns; four lanes share each. */
const ownRows = 16;

/** Rows of the other side that fit workgroup memory beside the own ones, or 0. */
export function blockSizeOf(headDim: number, limits: PlanLimits): number {
  const width = 4 * paddedFours(headDim);
  const most = Math.floor((limits.maxWorkgroupBytes / 4 - 2 * ownRows * width) / (2 * width + 2 * ownRows));
  return most < 4 ? 0 : Math.min(16, 2 ** Math.floor(Math.log2(most)));
}

const roleNames = { queries: ["dq"], keys: ["dk", "dv"] } as const;

function viewsOf({ of, segment, side, outputs, adds, dbias }: BackwardPass, wide: boolean): View[] {
  const input = wide ? headView : (name: string, layout: Layout) => reads(name, layout);
  return [
    input("q", of.q),
    input("k", segment.k),
    input("v", segment.v),
    input("gradient", of.rest[2]!),
    ...(of.bias ? [reads("bias", of.bias)] : []),
    { name: "statistics", buffer: { scratch: 0 }, element: "f32", access: "read" },
    ...outputs.map((layout, i): View => ({ ...writes(roleNames[side][i]!, layout, wide && alignedRows(layout) ? 4 : 1), access: adds || !wide ? "readwrite" : "write" })),
    ...(dbias ? [writes("dbias", dbias)] : []),
  ];
}

/** `weight` and `change` (the gradient of the score) of a query and a key, from `product` = q · k and `value_product` = gradient · v. */
function weights({ of, segment, dbias }: BackwardPass, query: string, key: string): string {
  const rows = of.batch * of.heads * of.queries;
  const keyOfAll = `(${key} + ${segment.first}u)`;
  return `let stat = (b * ${of.heads}u + h) * ${of.queries}u + ${query};
      let weight = exp(${float(of.scale)} * product${of.bias ? ` + load_bias(${at(of.bias, ["b", "h", query, keyOfAll])})` : ""} - load_statistics(stat));
      let change = weight * (value_product - load_statistics(stat + ${rows}u));
      ${dbias ? `store_dbias(${at(dbias, ["b", "h", query, keyOfAll])}, change);` : ""}`;
}

/** Tiles of both sides in workgroup memory. */
export function tiledPass(pass: BackwardPass, limits: PlanLimits): Stage {
  const { of, segment, side } = pass;
  const { headDim, heads, queries } = of;
  const gradient = of.rest[2]!;
  const block = blockSizeOf(headDim, limits);
  const fours = paddedFours(headDim);
  const slices = Array.from({ length: fours / 4 }, (_, n) => n);
  const isQueries = side === "queries";
  const [own, other] = isQueries ? [queries, segment.keys] : [segment.keys, queries];
  const queryTiles: [string, Layout][] = [["q", of.q], ["gradient", gradient]];
  const keyTiles: [string, Layout][] = [["k", segment.k], ["v", segment.v]];
  const [ownTiles, otherTiles] = isQueries ? [queryTiles, keyTiles] : [keyTiles, queryTiles];
  const fill = (tile: string, [name, layout]: [string, Layout], rows: number, start: string, end: number): string => `
    for (var t = lane; t < ${rows * fours}u; t += 64u) {
      let i = min(${start} + t / ${fours}u, ${Math.max(end - 1, 0)}u);
      ${tile}[t] = ${headFour(name, layout, "i", `(t % ${fours}u)`)};
    }`;
  const ownBlocks = Math.ceil(own / ownRows);
  const finish = pass.outputs.map((layout, which) => {
    const name = roleNames[side][which]!;
    return slices
      .map((n) => {
        const four = `(${4 * n}u + c)`;
        const before = pass.adds ? `${headFour(name, layout, "row", four)} + ` : "";
        const value = which === 0 ? `${float(of.scale)} * sum0_${n}` : `sum1_${n}`;
        return `    { let result = ${before}${value}; ${storeHeadFour(name, layout, "row", four, "result")} }`;
      })
      .join("\n");
  });
  return {
    label: `${pass.label} ${roleNames[side].join(" ")} ${pass.name} tiled`,
    views: viewsOf(pass, true),
    workgroupSize: 64,
    workgroups: of.batch * heads * ownBlocks,
    declarations: `
var<workgroup> own0: array<vec4<f32>, ${ownRows * fours}>;
var<workgroup> own1: array<vec4<f32>, ${ownRows * fours}>;
var<workgroup> other0: array<vec4<f32>, ${block * fours}>;
var<workgroup> other1: array<vec4<f32>, ${block * fours}>;
var<workgroup> changes: array<f32, ${ownRows * block}>;
${isQueries ? "" : `var<workgroup> weights: array<f32, ${ownRows * block}>;`}`,
    body: `
  ${batchAndHead(`group / ${ownBlocks}u`, heads)}
  let row0 = (group % ${ownBlocks}u) * ${ownRows}u;
  let r = lane / 4u;
  let c = lane % 4u;
  let row = row0 + r;
  ${fill("own0", ownTiles[0]!, ownRows, "row0", own)}
  ${fill("own1", ownTiles[1]!, ownRows, "row0", own)}
${slices.map((n) => `  var sum0_${n} = vec4<f32>(0.0f);${isQueries ? "" : ` var sum1_${n} = vec4<f32>(0.0f);`}`).join("\n")}
  for (var start = 0u; start < ${other}u; start += ${block}u) {
    ${fill("other0", otherTiles[0]!, block, "start", other)}
    ${fill("other1", otherTiles[1]!, block, "start", other)}
    workgroupBarrier();
    for (var j = c; j < ${block}u; j += 4u) {
      var product = 0.0f;
      var value_product = 0.0f;
      for (var t = 0u; t < ${fours}u; t++) {
        product += dot(own0[r * ${fours}u + t], other0[j * ${fours}u + t]);
        value_product += dot(own1[r * ${fours}u + t], other1[j * ${fours}u + t]);
      }
      let at = r * ${block}u + j;
      changes[at] = 0.0f;
      ${isQueries ? "" : "weights[at] = 0.0f;"}
      if (row < ${own}u && start + j < ${other}u) {
      ${weights(pass, isQueries ? "row" : "(start + j)", isQueries ? "(start + j)" : "row")}
        changes[at] = change;
        ${isQueries ? "" : "weights[at] = weight;"}
      }
    }
    workgroupBarrier();
    for (var j = 0u; j < ${block}u; j++) {
      let change = changes[r * ${block}u + j];
${isQueries ? "" : `      let weight = weights[r * ${block}u + j];`}
${slices.map((n) => `      sum0_${n} += change * other0[j * ${fours}u + ${4 * n}u + c];${isQueries ? "" : ` sum1_${n} += weight * other1[j * ${fours}u + ${4 * n}u + c];`}`).join("\n")}
    }
    workgroupBarrier();
  }
  if (row < ${own}u) {
${finish.join("\n")}
  }`,
  };
}

/** A thread per own row; sums gather in the results themselves. */
export function plainPass(pass: BackwardPass): Stage {
  const { of, segment, side } = pass;
  const { headDim, heads, queries } = of;
  const gradient = of.rest[2]!;
  const isQueries = side === "queries";
  const [own, other] = isQueries ? [queries, segment.keys] : [segment.keys, queries];
  const [query, key] = isQueries ? ["row", "i"] : ["i", "row"];
  const total = of.batch * heads * own;
  const element = (layout: Layout): string => at(layout, ["b", "row", "h", "d"]);
  const [first, second] = pass.outputs as [Layout, Layout?];
  const each = `for (var d = 0u; d < ${headDim}u; d++)`;
  const factor = isQueries ? `load_k(${at(segment.k, ["b", "i", "h", "d"])})` : `load_q(${at(of.q, ["b", "i", "h", "d"])})`;
  const name = roleNames[side][0];
  return {
    label: `${pass.label} ${roleNames[side].join(" ")} ${pass.name}`,
    views: viewsOf(pass, false),
    workgroupSize: 64,
    workgroups: Math.ceil(total / 64),
    body: `
  let flat = group * 64u + lane;
  if (flat >= ${total}u) { return; }
  let row = flat % ${own}u;
  ${batchAndHead(`flat / ${own}u`, heads)}
  ${pass.adds ? "" : `${each} { store_${name}(${element(first)}, 0.0f); }`}
  ${second ? `${each} { store_dv(${element(second)}, 0.0f); }` : ""}
  for (var i = 0u; i < ${other}u; i++) {
    var product = 0.0f;
    var value_product = 0.0f;
    ${each} {
      product += load_q(${at(of.q, ["b", query!, "h", "d"])}) * load_k(${at(segment.k, ["b", key!, "h", "d"])});
      value_product += load_gradient(${at(gradient, ["b", query!, "h", "d"])}) * load_v(${at(segment.v, ["b", key!, "h", "d"])});
    }
    ${weights(pass, query!, key!)}
    ${each} {
      store_${name}(${element(first)}, load_${name}(${element(first)}) + ${float(of.scale)} * change * ${factor});
      ${second ? `store_dv(${element(second)}, load_dv(${element(second)}) + weight * load_gradient(${at(gradient, ["b", "i", "h", "d"])}));` : ""}
    }
  }`,
  };
}
