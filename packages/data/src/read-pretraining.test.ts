import { describe, expect, it } from "vitest";
import { openFolder, readPretraining } from "./index.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const picture = new Uint8Array(1);
const read = async (files: Record<string, string>) =>
  await readPretraining(await openFolder({ "a.png": picture, "b.png": picture, "more/c.png": picture, ...Object.fromEntries(Object.entries(files).map(([name, text]) => [name, bytes(text)])) }));

describe("readPretraining", () => {
  it("takes each picture and each text of the pairs once", async () => {
    const { images, texts, pairs } = await read({ "train.csv": "image,text\na.png,a red ball\na.png,a ball\nb.png,a red ball\n" });
    expect(pairs.map(({ image, text }) => [image, text])).toEqual([["a.png", "a red ball"], ["a.png", "a ball"], ["b.png", "a red ball"]]);
    expect(images.map(({ image }) => image)).toEqual(["a.png", "b.png"]);
    expect(texts.map(({ text }) => text)).toEqual(["a red ball", "a ball"]);
  });
  it("reads further pictures and texts from lists of their own", async () => {
    const { images, texts } = await read({ "train.jsonl": '{"image":"a.png","text":"a ball"}\n', "images.csv": "image\nmore/c.png\n", "texts.jsonl": '{"text":"balls are round"}\n{"text":"so is the moon"}\n' });
    expect(images).toEqual([{ file: "images.csv", line: 2, image: "more/c.png" }, expect.objectContaining({ image: "a.png" })]);
    expect(texts.map(({ text }) => text)).toEqual(["balls are round", "so is the moon", "a ball"]);
  });
  it.each([
    [{}, "has no pairs of pictures and texts; it begins with a.png, b.png and more/c.png; expected train.csv or train.jsonl with columns image and text."],
    [{ "train.csv": "image,text\na.png,a ball\n", "images.csv": "image\nd.png\n" }, 'readDataset: images.csv, line 2: column "image" names "d.png", which is not in the given files.'],
    [{ "train.csv": "image,text\na.png,a ball\n", "texts.csv": "words\nball\n" }, 'readDataset: texts.csv, line 2: unknown column "words"; expected text.'],
  ])("refuses %j", async (files, message) => {
    await expect(read(files as Record<string, string>)).rejects.toThrow(message);
  });
});
