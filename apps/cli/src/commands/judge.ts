import { withModel } from "../model/with-model.ts";
import type { ModelFlags } from "../model/model-flags.ts";
import { percent } from "./percent.ts";

/** Prints whether a sentence is true of two pictures. @returns the exit code */
export async function judge([left, right]: readonly [string, string], sentence: string, flags: ModelFlags): Promise<number> {
  return await withModel(flags, {}, async (model, signal) => {
    const { isTrue, probability } = await model.reasoner.judge(left, right, sentence, { signal });
    if (flags.json) process.stdout.write(`${JSON.stringify({ left, right, sentence, isTrue, probability }, undefined, 2)}\n`);
    else process.stdout.write(`${percent(isTrue ? probability : 1 - probability)}  ${isTrue ? "true" : "false"}\n`);
  });
}
