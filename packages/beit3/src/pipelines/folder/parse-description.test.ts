import { CheckpointError } from "@multiway/errors";
import { describe, expect, test } from "vitest";
import { beit3Base, beit3Giant, beit3Large, beit3Tiny } from "../../presets.ts";
import { vlmoForm } from "@multiway/transformer";
import { describeModel, transformerOptionsOf } from "./describe-model.ts";
import { parseDescription } from "./parse-description.ts";

const sizes = { vocabularySize: 100, embedDim: 16, ffnDim: 32, numHeads: 2, numLayers: 1, imageSize: 32, patchSize: 8 };
const parse = (change: object = {}, model: object = {}) => parseDescription(JSON.stringify({ format: "multiway-model", version: 1, task: "vqa", answers: ["yes", "no"], model: { ...sizes, ...model }, ...change }), "out/model.json");

test("what is not said has its default", () => {
  expect(parse()).toEqual({
    format: "multiway-model",
    version: 1,
    task: "vqa",
    model: { ...sizes, textPositions: 1024, form: "released", finalNorm: true },
    image: { size: 32, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], interpolation: "bicubic", recipe: "square" },
    maxTextLength: 64,
    tokenIds: "xlm-roberta",
    weights: "model.safetensors",
    names: "official",
    numOutputs: 2,
    answers: ["yes", "no"],
  });
  expect(parse({ task: "classification", answers: undefined, classes: ["a"] }).image).toMatchObject({ mean: [0.485, 0.456, 0.406], recipe: "imagenet" });
  expect(parse({}, { form: "paper", textPositions: 20 })).toMatchObject({ names: "own", maxTextLength: 18 });
});

describe("fields that are not what they should be are named, with file and remedy", () => {
  const remedy = "Mend the field, or write the folder anew with writeModelFolder.";
  test.each<[string, object, object, string]>([
    ["another format", { format: "onnx" }, {}, '"format" is "onnx"; expected "multiway-model"'],
    ["no task", { task: undefined }, {}, '"task" is missing among format, version, answers and model; expected "encoder", "pretraining", "retrieval", "zero-shot", "vqa", "captioning", "reasoning", "classification", "joint"'],
    ["a text for a number", {}, { numLayers: "four" }, '"model.numLayers" is "four"; expected a whole number from 1 to 1000'],
    ["a missing size", {}, { ffnDim: undefined }, '"model.ffnDim" is missing among vocabularySize, embedDim, numHeads, numLayers, imageSize and patchSize; expected a whole number from 1 on'],
    ["heads that do not divide", {}, { numHeads: 3 }, '"model.numHeads" is 3; expected a number that divides embedDim, 16'],
    ["patches that do not divide", {}, { patchSize: 5 }, '"model.patchSize" is 5; expected a number that divides imageSize, 32'],
    ["pictures of another size", { image: { size: 64 } }, {}, '"image.size" is 64; expected a whole number from 32 to 32'],
    ["a deviation of 0", { image: { std: [0, 1, 1] } }, {}, '"image.std" is an array of 3; expected three numbers above 0'],
    ["no answers", { answers: undefined }, {}, '"answers" is missing among format, version, task and model; expected a list of texts'],
    ["an answer twice", { answers: ["a", "b", "a"] }, {}, '"answers" is an array of 3; expected each text once; "a" comes twice'],
    ["another number of answers", { numOutputs: 3 }, {}, '"answers" is an array of 2; expected 3 of them, as many as the head has'],
    ["a way out of the folder", { weights: "../model.safetensors" }, {}, '"weights" is "../model.safetensors"; expected the name of a file in the same folder'],
    ["a model that is none", { model: 4 }, {}, '"model" is 4; expected a record'],
    ["text longer than the table", { maxTextLength: 2000 }, {}, '"maxTextLength" is 2000; expected a whole number from 3 to 1022'],
    ["templates without a place", { templates: ["a photo"] }, {}, '"templates" is an array of 1; expected texts with {} where the name goes'],
  ])("%s", (_, change, model, problem) => {
    expect(() => parse(change, model)).toThrow(`openModelFolder: "out/model.json": ${problem}. ${remedy}`);
  });

  test("and what is no JSON, or newer", () => {
    expect(() => parseDescription("{", "m.json")).toThrow(/^openModelFolder: "m\.json": it is no JSON \(.*\)\. Get the folder anew\.$/);
    expect(() => parse({ version: 2 })).toThrow('openModelFolder: "out/model.json": "version" is 2; this program reads version 1. Update @multiway/beit3.');
    expect(() => parse({ version: 0 })).toThrow(CheckpointError);
  });
});

test("presets are described, and made again of what was said", () => {
  for (const options of [beit3Base(), beit3Large({ imageSize: 384 }), beit3Giant(), { ...beit3Base(), finalNorm: false }, beit3Tiny({ vocabularySize: 100 })]) {
    const made = transformerOptionsOf(describeModel({ task: "encoder", model: options }).model);
    // First values are not part of it: weights take their place.
    const { linear: _, positionInitialisers: __, ...rest } = options;
    expect(made).toEqual({ textPositions: 1024, finalNorm: true, ...rest });
  }
  expect(() => describeModel({ task: "encoder", model: { ...beit3Base(), ...vlmoForm } })).toThrow(/^describeModel: the encoder is in neither the released nor the paper's form/);
});
