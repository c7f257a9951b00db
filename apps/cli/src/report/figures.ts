/** A share as people read it: `13.5 %`, and with two decimals below one per cent: `0.06 %`. */
export function percent(share: number): string {
  if (!Number.isFinite(share)) return "–";
  return `${(100 * share).toFixed(share > 0 && share < 0.01 ? 2 : 1)}\u00a0%`;
}

/** With thousands apart: `1,908,062`. */
export const grouped = (value: number): string => value.toLocaleString("en-US");

/** How many times as much: `4.2 times`; undefined when there is nothing to compare with. */
export function times(value: number, base: number): string | undefined {
  if (!(base > 0) || !Number.isFinite(value / base)) return undefined;
  const ratio = value / base;
  return `${ratio < 10 ? ratio.toFixed(1) : Math.round(ratio)} times`;
}
