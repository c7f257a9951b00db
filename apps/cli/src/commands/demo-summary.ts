import type { Recall } from "@multiway/metrics";
import type { DemoResult } from "../demo/result.ts";
import { formatDuration } from "../progress/format.ts";

/** The figures of a run as a few lines for a terminal. */
export function summary(result: DemoResult): string {
  const { naming, maskedPatches, retrieval, pixelNearestNeighbour, chance, fromScratch, seconds } = result;
  const recall = (name: string, { recallAt1, recallAt5, recallAt10 }: Recall) => `  ${name.padEnd(26)}${[recallAt1, recallAt5, recallAt10].map((share) => percent(share).padStart(8)).join("")}`;
  const ways = (title: string, way: "imageToText" | "textToImage") => [
    `${title.padEnd(28)}    at 1    at 5   at 10`,
    recall("Multiway, pretrained", retrieval[way]),
    ...(fromScratch ? [recall("the same from scratch", fromScratch[way])] : []),
    recall("pixels' nearest neighbour", pixelNearestNeighbour[way]),
    recall("chance", chance),
  ];
  return [
    `On pictures of a style that was never seen (${formatDuration(seconds["total"] ?? 0)} in all):`,
    "",
    `Name pieces filled in right   ${percent(naming.withPicture)} with the picture, ${percent(naming.withoutPicture)} with a blank one`,
    `Hidden patches right          ${percent(maskedPatches.accuracy)}, always the most frequent ${percent(maskedPatches.majority)}`,
    "",
    ...ways("Recall, picture to name", "imageToText"),
    "",
    ...ways("Recall, name to picture", "textToImage"),
  ].join("\n");
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
