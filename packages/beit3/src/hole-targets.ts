import type { MaskedTokens } from "@multiway/masking";

/**
 * What stood in the holes of texts that lie side by side.
 *
 * @param width of every row, padding included
 * @param room  for so many holes; the rest is filled up
 * @returns     positions, as rows of [texts · width], and targets, −1 where there is no hole
 */
export function holeTargets(masked: readonly Pick<MaskedTokens, "positions" | "targets">[], width: number, room: number): { positions: Int32Array; targets: Int32Array } {
  const positions = new Int32Array(room);
  const targets = new Int32Array(room).fill(-1);
  let next = 0;
  masked.forEach((text, row) => {
    text.positions.forEach((position, place) => {
      positions[next] = row * width + position;
      targets[next++] = text.targets[place]!;
    });
  });
  return { positions, targets };
}
