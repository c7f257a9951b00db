import { openDevice } from "@multiway/tensor";
import { wasm } from "@multiway/wasm";
import { expect, it } from "vitest";
import { launchTests } from "./launch-suite.samples.ts";
import { groups, trainThrough } from "./launches.samples.ts";

launchTests(() => wasm(), { "weight decay on matrices": 7, "learning rates of layers": 6 });

it("gives the same bits with any number of threads", async () => {
  const results: Float32Array[][] = [];
  for (const threads of [1, 2, 3]) {
    await using device = await openDevice(wasm({ threads }));
    results.push(await trainThrough(device, groups["weight decay on matrices"]));
  }
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
});
