import type { Progress } from "@multiway/training";
import { formatDuration, formatFigure, formatRate } from "./format.ts";

/**
 * One line about a stage: `pretraining  ━━━━━╌╌╌╌╌  52 %  step 572 of 1,100  604 pictures/s  loss 3.271  2 min 05 s left  2 min 14 s so far`.
 *
 * @param columns  the line is never longer: what matters least goes first. Default: no limit
 */
export function progressLine({ stage, step, steps, itemsPerSecond, elapsedSeconds, secondsLeft, metrics }: Progress, columns = Infinity): string {
  const share = steps > 0 ? Math.min(1, step / steps) : 1;
  const isOver = step >= steps;
  const percent = `${Math.floor(100 * share)}`.padStart(3) + " %";
  const loss = metrics["loss"];
  // In the order of the line, each with its rank: the highest goes first when the line is too long.
  const parts: { text: string; rank: number }[] = [
    { text: stage, rank: 0 },
    { text: bar(share, 20), rank: 5 },
    { text: percent, rank: 1 },
    { text: `step ${step.toLocaleString("en-US")} of ${steps.toLocaleString("en-US")}`, rank: 6 },
    ...(itemsPerSecond > 0 ? [{ text: `${formatRate(itemsPerSecond)} pictures/s`, rank: 4 }] : []),
    ...(loss === undefined ? [] : [{ text: `loss ${formatFigure(loss)}`, rank: 2 }]),
    ...(isOver || secondsLeft <= 0 ? [] : [{ text: `${formatDuration(secondsLeft)} left`, rank: 3 }]),
    { text: `${formatDuration(elapsedSeconds)} so far`, rank: 7 },
  ];
  for (let rank = 7; rank > 0 && length(parts) > columns; rank--) {
    const index = parts.findIndex((part) => part.rank === rank);
    // A short bar is better than none.
    if (rank === 5 && length(parts) - 12 <= columns) parts[index] = { text: bar(share, 8), rank: 0 };
    else if (index >= 0) parts.splice(index, 1);
  }
  return [...parts.map(({ text }) => text).join(gap)].slice(0, columns).join("");
}

const gap = "  ";
const length = (parts: readonly { text: string }[]): number => parts.reduce((sum, { text }) => sum + [...text].length + gap.length, -gap.length);

function bar(share: number, width: number): string {
  const full = Math.round(share * width);
  return "━".repeat(full) + "╌".repeat(width - full);
}
