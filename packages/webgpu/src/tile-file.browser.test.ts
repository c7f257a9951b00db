import { beforeEach, expect, it } from "vitest";
import { tileStore } from "./device/tile-store.ts";
import { tileFile } from "#tile-file";

beforeEach(async () => void (await caches.delete("multiway")));

it("keeps tiles in Cache Storage, per adapter, beside what others add", async () => {
  const [one, two] = [tileStore(tileFile(), "one"), tileStore(tileFile(), "two")];
  expect(await one.load()).toEqual({});
  await one.add({ "1 64 64 64 f32r f32r": "32x32" });
  await two.add({ "1 64 64 64 f32r f32r": "64x64" });
  await tileStore(tileFile(), "one").add({ "1 96 64 64 f32r f32r": "32x64" });
  expect(await one.load()).toEqual({ "1 64 64 64 f32r f32r": "32x32", "1 96 64 64 f32r f32r": "32x64" });
  expect(await two.load()).toEqual({ "1 64 64 64 f32r f32r": "64x64" });
});

it("takes what is broken for nothing", async () => {
  await tileFile().write("not JSON");
  expect(await tileStore(tileFile(), "one").load()).toEqual({});
});
