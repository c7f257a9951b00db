import { beit3Kinds, runBeit3Case } from "@multiway/beit3/golden";
import { checkpointKinds, runCheckpointCase } from "@multiway/checkpoint/golden";
import { runPreprocessCase } from "@multiway/images/golden";
import { maskKinds, runMaskCase } from "@multiway/masking/golden";
import { metricsKinds, runMetricsCase } from "@multiway/metrics/golden";
import type { Device } from "@multiway/tensor";
import { runTokenizerCase } from "@multiway/tokenizers/golden";
import { runTransformerCase, transformerKinds } from "@multiway/transformer/golden";
import type { GoldenCase } from "./find-cases.ts";
import { headLosses } from "./head-losses.ts";

/** One compared result. */
export interface GoldenResult {
  name: string;
  passed: boolean;
  /** Largest error over its tolerance; of exact values 0 or Infinity. */
  worst: number;
  where: string;
}

interface Runner {
  takes(kind: string): boolean;
  /** Computes on a device, rather than in plain code. */
  usesDevice: boolean;
  run(golden: GoldenCase, device: Device): Promise<GoldenResult[]>;
}

/** The packages' runners; the first that takes a kind runs it. */
const runners: readonly Runner[] = [
  { takes: (kind) => kind.startsWith("tokenizer."), usesDevice: false, run: ({ manifest, readFile }) => runTokenizerCase(manifest, readFile) },
  { takes: (kind) => kind.startsWith("preprocess"), usesDevice: false, run: runImages },
  { takes: (kind) => checkpointKinds.includes(kind), usesDevice: false, run: ({ manifest, readFile }) => runCheckpointCase(manifest, readFile) },
  { takes: (kind) => maskKinds.includes(kind), usesDevice: false, run: ({ manifest, readFile }) => runMaskCase(manifest, readFile) },
  { takes: (kind) => metricsKinds.includes(kind), usesDevice: true, run: ({ manifest, readFile }, device) => runMetricsCase(manifest, readFile, headLosses(device)) },
  { takes: (kind) => transformerKinds.includes(kind), usesDevice: true, run: ({ manifest, readFile }, device) => runTransformerCase(manifest, readFile, device) },
  { takes: (kind) => beit3Kinds.includes(kind), usesDevice: true, run: ({ manifest, readFile }, device) => runBeit3Case(manifest, readFile, device) },
];

export const runnerOf = (kind: string): Runner | undefined => runners.find((runner) => runner.takes(kind));

/** That runner gives distances; here all are fractions of what is allowed. */
async function runImages({ manifest, readFile }: GoldenCase): Promise<GoldenResult[]> {
  const outputs = manifest["outputs"] as Record<string, { dtype: string; exact?: boolean; atol?: number }>;
  return (await runPreprocessCase(manifest, readFile)).map((result) => {
    const { exact, dtype, atol = 0 } = outputs[result.name]!;
    return { ...result, worst: result.worst === 0 ? 0 : result.worst / (exact || dtype === "U8" ? 0 : atol) };
  });
}
