import { describe, expect, it } from "vitest";
import { cases } from "./cases/index.ts";
import { parseOptions } from "./options.ts";
import { targets } from "./targets/index.ts";

const known = { cases: ["matmul", "train"], targets: ["multiway-wasm-1", "multiway-wasm-2", "ort-web-1"] };

describe("options", () => {
  it("run everything of ours by default, and peers on request", () => {
    expect(parseOptions([], known)).toMatchObject({ only: known.cases, targets: ["multiway-wasm-1", "multiway-wasm-2"], peers: false, rounds: 4 });
    expect(parseOptions(["--peers"], known).targets).toEqual(known.targets);
  });
  it("choose cases and targets, in the order of the table", () => {
    expect(parseOptions(["--", "--only", "train,matmul", "--targets", "ort-web-1", "--rounds", "2", "--json", "x.json"], known)).toMatchObject({ only: ["matmul", "train"], targets: ["ort-web-1"], rounds: 2, json: "x.json" });
  });
  it("leave out cases for GPUs unless they are named", () => {
    const withLarge = { ...known, onRequest: ["train"] };
    expect(parseOptions([], withLarge).only).toEqual(["matmul"]);
    expect(parseOptions(["--only", "train"], withLarge).only).toEqual(["train"]);
    expect(cases.filter(({ isOnRequest }) => isOnRequest).map(({ name }) => name)).toEqual(["matmul-4096", "matmul-4096-f16", "vit-12-32", "vit-12-32-f16"]);
  });
  it("answer what is unknown with what is known", () => {
    expect(() => parseOptions(["--only", "matmul,trian"], known)).toThrow('bench: there is no case "trian"; expected matmul, train.');
    expect(() => parseOptions(["--targets", "ort"], known)).toThrow('bench: there is no target "ort"; expected multiway-wasm-1, multiway-wasm-2, ort-web-1.');
    expect(() => parseOptions(["--rounds", "0"], known)).toThrow("--rounds is \"0\"; expected a whole number, 1 or more.");
    expect(() => parseOptions(["--fast"], known)).toThrow("bench: Unknown option '--fast'");
  });
});

describe("names", () => {
  it("are there once each", () => {
    for (const list of [cases, targets]) expect(new Set(list.map(({ name }) => name)).size).toBe(list.length);
    expect(targets.map(({ name }) => name)).toEqual(["multiway-wasm-1", "multiway-wasm-2", "multiway-wasm-2-plain", "multiway-webgpu", "multiway-webgpu-f16", "ort-web-1", "ort-web-2", "ort-native", "tfjs-wasm", "jax-js-wasm", "pytorch", "pytorch-cuda"]);
  });
});
