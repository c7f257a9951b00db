import type { PlanLimits, Stage } from "../wgsl/stage.ts";
import { subgroupPlace } from "../wgsl/subgroup-place.ts";

/** Threads for a row of `width` elements: a power of two from 32 to `most`. */
export function rowThreads(width: number, most: number): number {
  let threads = 32;
  while (threads < width / 4 && threads < Math.min(most, 256)) threads *= 2;
  return threads;
}

/** How a workgroup joins one value of each of its threads; every thread gets the result. */
export interface RowReductions {
  stage: Pick<Stage, "directives" | "declarations">;
  /** A line to go before the first reduction, in uniform control flow; empty where none is needed. */
  start: string;
  sum(x: string): string;
  max(x: string): string;
}

/** Within subgroups and then through workgroup memory, where the adapter has subgroups; else by halves through workgroup memory. */
export function rowReductions(threads: number, { abilities }: PlanLimits, withMaximum = false): RowReductions {
  return abilities.subgroups ? bySubgroups(threads, withMaximum) : byHalves(threads, withMaximum);
}

function byHalves(threads: number, withMaximum: boolean): RowReductions {
  const reduction = (name: string, join: string): string => `
fn ${name}(lane: u32, x: f32) -> f32 {
  workgroupBarrier();
  lanes[lane] = x;
  workgroupBarrier();
  for (var half = ${threads / 2}u; half > 0u; half >>= 1u) {
    if (lane < half) { lanes[lane] = ${join}; }
    workgroupBarrier();
  }
  return lanes[0];
}`;
  return {
    stage: { declarations: [`var<workgroup> lanes: array<f32, ${threads}>;`, reduction("row_sum", "lanes[lane] + lanes[lane + half]"), ...(withMaximum ? [reduction("row_max", "max(lanes[lane], lanes[lane + half])")] : [])].join("") },
    start: "",
    sum: (x) => `row_sum(lane, ${x})`,
    max: (x) => `row_max(lane, ${x})`,
  };
}

/** The first of each subgroup leaves its subgroup's value, the others what changes nothing; then every subgroup joins all that was left. */
function bySubgroups(threads: number, withMaximum: boolean): RowReductions {
  const reduction = (name: string, join: string, neutral: string, step: string): string => `
fn ${name}(lane: u32, place: vec2<u32>, x: f32) -> f32 {
  let own = ${join}(x);
  workgroupBarrier();
  lanes[lane] = select(${neutral}, own, place.x == 0u);
  workgroupBarrier();
  var all = ${neutral};
  for (var i = place.x; i < ${threads}u; i += place.y) { all = ${step}; }
  return ${join}(all);
}`;
  return {
    stage: {
      directives: ["enable subgroups;"],
      declarations: [
        `var<workgroup> lanes: array<f32, ${threads}>;`,
        reduction("row_sum", "subgroupAdd", "0.0f", "all + lanes[i]"),
        ...(withMaximum ? [reduction("row_max", "subgroupMax", "-3.4028234e38f", "max(all, lanes[i])")] : []),
      ].join(""),
    },
    start: `\n  ${subgroupPlace}`,
    sum: (x) => `row_sum(lane, place, ${x})`,
    max: (x) => `row_max(lane, place, ${x})`,
  };
}
