import { beforeAll, describe, expect, it } from "vitest";
import { readFixtureJson } from "../../fixtures/read-fixture.ts";
import { bleu, ciderD, rougeL } from "../index.ts";

interface CaptionFile {
  items: { id: string; hyp: string; refs: string[]; hyp_tok: string; refs_tok: string[] }[];
}

interface Expected {
  corpus: Record<"Bleu_1" | "Bleu_2" | "Bleu_3" | "Bleu_4" | "ROUGE_L" | "CIDEr", number>;
  per_item: Record<string, Record<"Bleu_1" | "Bleu_4" | "ROUGE_L" | "CIDEr", number>>;
}

const files = ["coco-fakecap", "coco-human", "abstract-B", "edge"];
const half = 0.5000001e-10; // what rounding to ten decimals takes away

describe.each(files)("the official scores of %s", (name) => {
  let file: CaptionFile;
  let expected: Expected;
  let hypotheses: string[];
  let references: string[][];
  beforeAll(async () => {
    file = await readFixtureJson(`captions/${name}.json`);
    expected = await readFixtureJson(`captions/${name}.expected.json`);
    hypotheses = file.items.map((item) => item.hyp_tok);
    references = file.items.map((item) => item.refs_tok);
  });
  const near = (actual: number, value: number, place: string) => expect(Math.abs(actual - value), `${place}: ${actual} for ${value}`).toBeLessThanOrEqual(half);

  it("BLEU", () => {
    const { scores, perItem } = bleu(hypotheses, references);
    ([1, 2, 3, 4] as const).forEach((order) => near(scores[order - 1]!, expected.corpus[`Bleu_${order}`], `BLEU-${order}`));
    file.items.forEach(({ id }, item) => {
      near(perItem[item]![0]!, expected.per_item[id]!.Bleu_1, id);
      near(perItem[item]![3]!, expected.per_item[id]!.Bleu_4, id);
    });
  });
  it("ROUGE-L", () => {
    const { score, perItem } = rougeL(hypotheses, references);
    near(score, expected.corpus.ROUGE_L, "all");
    file.items.forEach(({ id }, item) => near(perItem[item]!, expected.per_item[id]!.ROUGE_L, id));
  });
  it("CIDEr-D", () => {
    const { score, perItem } = ciderD(hypotheses, references);
    near(score, expected.corpus.CIDEr, "all");
    file.items.forEach(({ id }, item) => near(perItem[item]!, expected.per_item[id]!.CIDEr, id));
  });
});
