import { createImage, fillRect, type Image } from "@multiway/images";
import { key } from "@multiway/random";
import type { Curve } from "../demo/result.ts";
import type { ReportInput } from "./report-input.ts";

/** Names that a careless report would break on, between ordinary ones. */
export const sampleNames = ["keycap: *", "<script>alert('less')</script>", "Q&A \"quoted\"", "red heart", "man’s shoe", "grinning cat", "crescent moon", "sailboat"];
const ids = sampleNames.map((_, index) => `1f${(0x400 + index).toString(16)}`);
const numCodes = 16;
const patchSize = 8;

/** A made-up run, plausible in every figure, whose pictures are squares. */
export function sampleReport({ compare = true, steps = 1100 }: { compare?: boolean; steps?: number } = {}): ReportInput {
  const pictures = new Map(ids.map((id, index) => [id, square(index)]));
  const curve = (name: string, from: number, to: number, figures: Record<string, [number, number]> = {}, length = steps): Curve => {
    const noise = key(name.length).uniform(length * 8);
    const fall = (start: number, end: number, row: number) => Array.from({ length }, (_, step) => end + (start - end) * Math.exp((-6 * step) / length) + (noise[(step * 7 + row) % noise.length]! - 0.5) * 0.12 * Math.abs(start - end));
    return { steps: Array.from({ length }, (_, step) => step), loss: fall(from, to, 0), figures: Object.fromEntries(Object.entries(figures).map(([figure, [start, end]], row) => [figure, fall(start, end, row + 1)])) };
  };
  const answers = (query: number) => Array.from({ length: 5 }, (_, rank) => ({ id: ids[(query + rank * 3) % ids.length]!, name: sampleNames[(query + rank * 3) % ids.length]!, similarity: 0.61 - 0.2037 * rank, isRight: rank === query % 6 }));
  const rightAnswers = (query: number) => answers(query).map((answer, rank) => (rank === query % 6 ? { ...answer, id: ids[query]!, name: sampleNames[query]! } : answer));
  const tokens = (offset: number) => Array.from({ length: 16 }, (_, patch) => (patch * 5 + offset) % numCodes);
  return {
    result: {
      seed: 7,
      device: "wasm",
      deviceDescription: "CPU: WebAssembly SIMD with relaxed multiply-add, 2 threads",
      node: "v20.19.0",
      parameters: 1_712_345,
      vocabularySize: 1501,
      visualTokens: { codes: 256, used: 251 },
      pictures: { training: 4215, unseen: 1417, concepts: 1558 },
      steps: { pretraining: steps, retrieval: steps + 1, ...(compare ? { fromScratch: 2 * steps + 1 } : {}) },
      losses: {
        pretraining: curve("pretraining", 5.9, 3.1, { imageLoss: [5.5, 3.2], imageAccuracy: [0.004, 0.26], textLoss: [7.3, 3.4], textAccuracy: [0, 0.31], pairImageLoss: [5.5, 3], pairImageAccuracy: [0.003, 0.29], pairTextLoss: [7.3, 2.1], pairTextAccuracy: [0, 0.52], gradientNorm: [2, 0.6] }),
        retrieval: curve("retrieval", 4.16, 0.4),
        ...(compare ? { fromScratch: curve("scratch", 4.17, 0.7) } : {}),
      },
      naming: { withPicture: 0.1421, withoutPicture: 0.0213, pieces: 3612 },
      maskedPatches: { accuracy: 0.2534, majority: 0.1012, patches: 8502 },
      retrieval: { imageToText: { recallAt1: 0.1211, recallAt5: 0.3022, recallAt10: 0.3933 }, textToImage: { recallAt1: 0.1314, recallAt5: 0.3125, recallAt10: 0.4036 } },
      pixelNearestNeighbour: { imageToText: { recallAt1: 0.3241, recallAt5: 0.4752, recallAt10: 0.5263 }, textToImage: { recallAt1: 0.2344, recallAt5: 0.3655, recallAt10: 0.4166 } },
      chance: { recallAt1: 1 / 1558, recallAt5: 5 / 1558, recallAt10: 10 / 1558 },
      ...(compare ? { fromScratch: { imageToText: { recallAt1: 0.0771, recallAt5: 0.2372, recallAt10: 0.3273 }, textToImage: { recallAt1: 0.0874, recallAt5: 0.2475, recallAt10: 0.3376 } } } : {}),
      seconds: { reading: 2.71, visualTokens: 0.52, pretraining: 402.4, evaluation: 5.3, retrieval: 171.2, search: 3.3, pixels: 1.3, total: 586.73 },
    },
    names: sampleNames.map((name, index) => {
      const pieces = name.split(" ").flatMap((word) => [`\u2581${word.slice(0, 4)}`, ...(word.length > 4 ? [word.slice(4)] : [])]);
      return { id: ids[index]!, emoji: "❤", name, pieces, withPicture: pieces.map((piece, place) => ((index + place) % 3 ? piece : "\u2581blue")), withoutPicture: pieces.map((piece, place) => ((index + place) % 5 ? "s" : piece)) };
    }),
    patches: ids.map((id, index) => ({ id, name: sampleNames[index]!, isMasked: Array.from({ length: 16 }, (_, patch) => (patch % 4 > 1 && patch < 12 ? 1 : 0)), codes: tokens(index), predicted: tokens(index).map((code, patch) => (patch % 3 ? code : (code + 1) % numCodes)) })),
    codePatches: Uint8Array.from({ length: numCodes * patchSize * patchSize * 3 }, (_, place) => (Math.floor(place / (patchSize * patchSize * 3)) * 37 + (place % 3) * 80) % 256),
    imageToText: ids.map((id, index) => ({ query: id, name: sampleNames[index]!, answers: rightAnswers(index) })),
    textToImage: ids.map((_, index) => ({ query: sampleNames[index]!, answers: rightAnswers(index) })),
    attention: ids.slice(0, 4).map((id, index) => ({
      id,
      name: sampleNames[index]!,
      layer: 3,
      words: sampleNames[index]!.split(" ").map((word, place) => ({ text: `\u2581${word}`, overPatches: Array.from({ length: 16 }, (_, patch) => ((patch + place * 3) % 7) / 80) })),
      classToken: Array.from({ length: 16 }, (_, patch) => (patch % 5) / 40),
    })),
    pictures,
  };
}

function square(index: number): Image {
  const color = [(index * 67 + 40) % 256, (index * 151 + 90) % 256, (index * 29 + 150) % 256];
  return fillRect(createImage(32, 32, 3, 255), { left: 4, top: 4, width: 24, height: 24 }, color);
}
