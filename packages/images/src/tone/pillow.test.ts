import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as images from "../index.ts";
import { convertChannels, createImage, decodeImage, type Color, type Image } from "../index.ts";

interface Case {
  mode: "RGB" | "L";
  operation: "autoContrast" | "equalize" | "invert" | "posterize" | "solarize" | "adjustBrightness" | "adjustContrast" | "adjustSaturation" | "adjustSharpness" | "rotate" | "transformAffine";
  arguments: unknown[];
  of?: "dim" | "even";
  filter?: string;
  size: [number, number];
  sha256: string;
}
const folder = new URL("../../fixtures/", import.meta.url);
const { source, fill, cases } = JSON.parse(readFileSync(new URL("pillow-operations.json", folder), "utf8")) as { source: string; fill: Record<string, number | number[]>; cases: Case[] };
const colour = await decodeImage(readFileSync(new URL(source, folder)));

function input({ mode, of }: Case): Image {
  const image = convertChannels(colour, mode === "L" ? 1 : 3);
  if (of === "dim") return { ...image, data: image.data.map((value) => 40 + (value >> 1)) };
  // Pillow's whole-number colour sets the first channel alone.
  return of === "even" ? createImage(5, 4, image.channels, mode === "L" ? 77 : [77, 0, 0]) : image;
}

describe("operations of Pillow", () => {
  it("has cases", () => expect(cases).toHaveLength(152));
  it.each(cases.map((one, index) => ({ ...one, index, label: `${one.operation}(${JSON.stringify(one.arguments).slice(1, -1)})` })))("$label of $mode $filter $of gives the same bytes", (one) => {
    const options = one.filter ? [{ filter: one.filter, fill: [fill[one.mode]!].flat() as Color }] : [];
    const result = (images[one.operation] as (...parameters: unknown[]) => Image)(input(one), ...one.arguments, ...options);
    expect([result.width, result.height]).toEqual(one.size);
    expect(createHash("sha256").update(result.data).digest("hex")).toBe(one.sha256);
  });
});
