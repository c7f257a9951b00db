/** Threads for a row of `width` elements: a power of two from 32 to `most`. */
export function rowThreads(width: number, most: number): number {
  let threads = 32;
  while (threads < width / 4 && threads < Math.min(most, 256)) threads *= 2;
  return threads;
}

/** `row_sum(lane, x)` and, on request, `row_max`: x of all `threads` lanes joined in a fixed order; every lane gets the result. */
export function rowReductions(threads: number, withMaximum = false): string {
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
  return [`var<workgroup> lanes: array<f32, ${threads}>;`, reduction("row_sum", "lanes[lane] + lanes[lane + half]"), ...(withMaximum ? [reduction("row_max", "max(lanes[lane], lanes[lane + half])")] : [])].join("");
}
