import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataError } from "@multiway/errors";
import { createImage, encodePng } from "@multiway/images";
import { key } from "@multiway/random";
import { describe, expect, it } from "vitest";
import { classesOf, holdOut, missingSplit, numbersOfClasses, openFolder, Pictures, readDataset, readWhole, type DatasetTask } from "./index.ts";

const png = await encodePng(createImage(2, 3, 3, [10, 20, 30]));
const utf8 = (text: string) => new TextEncoder().encode(text);

/** A folder with three pictures and the given texts. */
const folderOf = (texts: Record<string, string>) => openFolder({ "a.png": png, "images/b.png": png, "c d.png": png, ...Object.fromEntries(Object.entries(texts).map(([path, text]) => [path, utf8(text)])) });
const read = async (task: DatasetTask, texts: Record<string, string>, options = {}) => readDataset(task, await folderOf(texts), { split: "train", ...options });

describe("plain tables", () => {
  it("classification, from CSV with quotes, a byte order mark and blank lines", async () => {
    expect(await read("classification", { "train.csv": '\ufeffimage,label\n\n"c d.png","one, ""two"""\nb.png,3\n' })).toEqual([
      { file: "train.csv", line: 3, image: "c d.png", label: 'one, "two"' },
      { file: "train.csv", line: 4, image: "images/b.png", label: "3" },
    ]);
  });
  it("retrieval, from TSV and from JSON Lines", async () => {
    const expected = { line: 2, image: "a.png", text: "a dog, running", imageId: "a.png" };
    expect(await read("retrieval", { "train.tsv": "image\ttext\n./a.png\ta dog, running\n" })).toEqual([{ file: "train.tsv", ...expected }]);
    expect(await read("retrieval", { "retrieval.train.jsonl": '\n{"image":"a.png","text":"a dog, running"}\n' })).toEqual([{ file: "retrieval.train.jsonl", ...expected }]);
  });
  it("captioning: captions of a picture come together, from rows, lists, or with | between them", async () => {
    for (const text of ["image,caption\na.png,one\na.png,two\n", "image,captions\na.png,one|two\n"]) expect(await read("captioning", { "train.csv": text })).toMatchObject([{ image: "a.png", captions: ["one", "two"] }]);
    expect(await read("captioning", { "train.jsonl": '{"image":"a.png","captions":["one","two"]}' })).toMatchObject([{ captions: ["one", "two"] }]);
  });
  it("vqa: one answer, or those of several people", async () => {
    expect(await read("vqa", { "train.csv": "image,question,answer,answers,id\na.png,what?,dog,,q1\na.png,what?,,dog|cat,\n" })).toMatchObject([
      { question: "what?", answers: ["dog"], questionId: "q1" },
      { answers: ["dog", "cat"], questionId: "3" },
    ]);
  });
  it("more rows than a call can have arguments", async () => {
    expect(await read("vqa", { "train.csv": `image,question,answer\n${"a.png,what?,dog\n".repeat(150_000)}` })).toHaveLength(150_000);
  });
  it("reasoning: truth in any spelling", async () => {
    const examples = await read("reasoning", { "train.csv": "left,right,sentence,label\na.png,b.png,both,True\na.png,b.png,both,0\na.png,b.png,both,no\n" });
    expect(examples).toMatchObject([{ left: "a.png", right: "images/b.png", label: true }, { label: false }, { label: false }]);
  });
  it("validation goes by its usual names, and a split that is not there is undefined", async () => {
    const folder = await folderOf({ "dev.csv": "image,label\na.png,x\n" });
    expect(await readDataset("classification", folder, { split: "validation" })).toHaveLength(1);
    expect(await readDataset("classification", folder, { split: "test" })).toBeUndefined();
  });
  it("data that nobody has split", async () => {
    expect(await readWhole("classification", await folderOf({ "data.csv": "image,label\na.png,x\n" }))).toHaveLength(1);
    expect(await readWhole("vqa", await folderOf({}))).toBeUndefined();
  });
});

describe("official index files", () => {
  it.each([
    ["classification", "imagenet.train.index.jsonl", '{"image_path":"a.png","label":7}', { image: "a.png", label: "7" }],
    ["retrieval", "flickr30k.train.jsonl", '{"image_path":"a.png","text_segment":[5,6],"image_id":3}', { text: [5, 6], imageId: "3" }],
    ["captioning", "coco_captioning.train.jsonl", '{"image_path":"a.png","text_segment":null,"image_id":42}', { captions: [], imageId: "42" }],
    ["vqa", "vqa.train.jsonl", '{"image_path":"a.png","text_segment":[9],"labels":[1],"scores":[0.3],"qid":5}', { question: [9], answers: [], scored: { labels: [1], scores: [0.3] }, questionId: "5" }],
    ["reasoning", "nlvr2.train.index.jsonl", '{"image_path":"a.png","image2_path":"b.png","text_segment":[9],"label":1,"identifier":"dev-1-0-0"}', { right: "images/b.png", sentence: [9], label: true, identifier: "dev-1-0-0" }],
  ] as const)("%s", async (task, file, line, expected) => expect(await read(task, { [file]: line })).toMatchObject([expected]));
  it("question answering trains on two files", async () => {
    const line = '{"image_path":"a.png","text_segment":[9],"labels":[],"scores":[]}';
    expect(await read("vqa", { "vqa.train.jsonl": line, "vqa.trainable_val.jsonl": line, "vqa.val.jsonl": line })).toHaveLength(2);
  });
});

describe("folders of the disk", () => {
  it("one per class, in a split or not, and what a link leads to", async () => {
    const root = await mkdtemp(join(tmpdir(), "multiway-data-"));
    try {
      for (const name of ["data/cat", "data/dog", "elsewhere"]) await mkdir(join(root, name), { recursive: true });
      await writeFile(join(root, "data/cat/1.png"), png);
      await writeFile(join(root, "data/cat/.hidden.png"), png);
      await writeFile(join(root, "elsewhere/2.png"), png);
      const open = () => openFolder(join(root, "data"));
      await expect(open().then((folder) => readWhole("classification", folder))).rejects.toThrow(/folder dog of .*data has no pictures \(\.png, .*expected at least one in each class\. Add some, or remove the folder\./);
      await rm(join(root, "data/dog"), { recursive: true });
      await symlink(join(root, "elsewhere"), join(root, "data/dog"));
      expect(await readWhole("classification", await open())).toMatchObject([{ image: "cat/1.png", label: "cat" }, { image: "dog/2.png", label: "dog" }]);
      const whole = await openFolder(root);
      expect(await readDataset("classification", whole, { split: "train" })).toBeUndefined();
      await expect(openFolder(join(root, "none"))).rejects.toThrow(/none cannot be read \(ENOENT\); expected a folder with the data\. Check the path\./);
    } finally {
      await rm(root, { recursive: true });
    }
  });
  it("an empty one says what may be in it", async () => {
    const folder = await openFolder({});
    expect(missingSplit("vqa", folder, "train").message).toBe(
      "readDataset: there are no files in the given files; expected train.csv or train.jsonl, vqa.train.jsonl, vqa.trainable_val.jsonl. Check the path, and see the guide to fine-tuning for the layout.",
    );
  });
});

describe("bad rows name file, line and remedy", () => {
  it.each<[DatasetTask, string, string, string]>([
    ["classification", "train.csv", "image,label\na.png,x\nz.png,y\n", 'train.csv, line 3: column "image" names "z.png", which is not in the given files. Pictures are named relative'],
    ["classification", "train.csv", "image,label\n../a.png,x\n", 'names "../a.png", which is not in'],
    ["classification", "train.csv", "image,class\na.png,x\n", 'train.csv, line 2: unknown column "class"; expected image and label. Rename it, remove it'],
    ["classification", "train.csv", "image\na.png\n", "line 2: a column is missing: label"],
    ["classification", "train.csv", "image,label\na.png,\n", 'line 2: column "label" is ""; expected a text. Fill it in, or remove the row.'],
    ["classification", "train.csv", "image,label\na.png,x,y\n", "train.csv, line 2: 3 values; expected 2, one for each column of the first line (image, label). Put quotes around"],
    ["classification", "train.csv", 'image,label\na.png,"x\n', "train.csv, line"],
    ["classification", "train.csv", "image,image\na.png,x\n", 'column "image" comes twice'],
    ["classification", "train.csv", "image,label\n", "train.csv of the given files has no rows; expected at least one example."],
    ["retrieval", "train.jsonl", '{"image":"a.png","text":"x"}\n{"image":', "train.jsonl, line 2: the line is \"{\\\"image\\\":\"; expected an object of JSON"],
    ["retrieval", "train.jsonl", "[1]", "line 1: the line is"],
    ["retrieval", "train.jsonl", '{"image_path":"a.png","text_segment":"a dog","image_id":1}', "text_segment\" is a text; expected its ids"],
    ["retrieval", "train.jsonl", '{"image_path":"a.png","text_segment":[],"image_id":1}', "is empty or holds what is no id"],
    ["captioning", "train.csv", "image\na.png\n", 'column "caption" is missing; expected a text'],
    ["vqa", "train.jsonl", '{"image_path":"a.png","text_segment":[1],"labels":[1,2],"scores":[0.3]}', "2 labels and 1 scores; expected as many of one as of the other. Make the index anew."],
    ["vqa", "train.jsonl", '{"image_path":"a.png","text_segment":[1],"labels":[1],"scores":[3]}', "scores are outside 0 to 1"],
    ["reasoning", "train.csv", "left,right,sentence,label\na.png,,both,true\n", 'column "right" is ""; expected a text'],
    ["reasoning", "train.csv", "left,right,sentence,label\na.png,b.png,both,maybe\n", 'column "label" is "maybe"; expected true or false. Mend it'],
  ])("%s: %s %j", async (task, file, text, message) => {
    const error: unknown = await read(task, { [file]: text }).then(() => undefined, (reason: unknown) => reason);
    expect(DataError.isInstance(error)).toBe(true);
    expect((error as Error).message).toContain(message);
  });
  it("columns may be ignored by name", async () => expect(await read("classification", { "train.csv": "image,label,note\na.png,x,hm\n" }, { ignoreColumns: ["note"] })).toHaveLength(1));
  it("a table that is no text", async () => {
    const folder = await openFolder({ "train.csv": Uint8Array.of(0xff, 0xfe, 0x41) });
    await expect(readDataset("vqa", folder, { split: "train" })).rejects.toThrow("train.csv of the given files is no UTF-8 text");
  });
});

describe("classes", () => {
  const of = (...labels: string[]) => labels.map((label, index) => ({ file: "train.csv", line: index + 2, image: "a.png", label }));
  it("are those that occur: numbers in their order, names in that of code points", () => {
    expect(classesOf(of("10", "9", "9"))).toEqual(["9", "10"]);
    expect(classesOf(of("b", "a", "10"))).toEqual(["10", "a", "b"]);
    expect([...numbersOfClasses(of("b", "a"), ["a", "b"])]).toEqual([1, 0]);
  });
  it("want examples, and examples want classes", () => {
    expect(() => classesOf(of("a", "a"))).toThrow("all 2 examples are of class a; expected at least two classes.");
    expect(() => classesOf(of("a", "b"), ["a", "b", "c"])).toThrow('classesOf: "c" of 3 classes has no example to learn from. Add some, or take the name off the list.');
    expect(() => classesOf(of("a", "b"), ["a", "a"])).toThrow('class "a" is listed twice');
    expect(() => classesOf(of("a", "b", "z"), ["a", "b"])).toThrow('numbersOfClasses: train.csv, line 4: class "z" is none of the 2: a and b.');
  });
});

describe("holdOut", () => {
  it("keeps groups together, and takes the same ones each time", () => {
    const examples = Array.from({ length: 40 }, (_, index) => ({ index, group: `g${index % 20}` }));
    const split = () => holdOut(examples, { share: 0.1, key: key(0), groupOf: ({ group }) => group });
    const [kept, held] = split();
    expect([kept.length, held.length]).toEqual([36, 4]);
    expect(kept.some(({ group }) => held.some((other) => other.group === group))).toBe(false);
    expect(split()).toEqual([kept, held]);
  });
  it("wants two groups", () => expect(() => holdOut([1, 2], { share: 0.5, key: key(0), groupOf: () => "a" })).toThrow("the 2 examples belong to 1 picture; expected at least two"));
});

describe("Pictures", () => {
  it("decodes once what it keeps, and names the row of what it cannot", async () => {
    const folder = await openFolder({ "a.png": png, "cut.png": png.subarray(0, 30) });
    const pictures = new Pictures(folder);
    expect(await pictures.get("a.png")).toMatchObject({ width: 2, height: 3, channels: 3 });
    expect(await pictures.get("a.png")).toBe(await pictures.get("a.png"));
    await expect(pictures.get("cut.png", "train.csv, line 7")).rejects.toThrow(/^Pictures: train\.csv, line 7: .*cut\.png.* Or remove the row\.$/);
    const scarce = new Pictures(folder, { mostBytes: 0 });
    expect(await scarce.get("a.png")).not.toBe(await scarce.get("a.png"));
  });
  it("keeps a view in place of the picture", async () => {
    const folder = await openFolder({ "a.png": png });
    let views = 0;
    const pictures = new Pictures(folder, { view: (image) => ({ ...image, width: ++views }) });
    expect(await pictures.get("a.png")).toMatchObject({ width: 1, height: 3 });
    expect(await pictures.get("a.png")).toMatchObject({ width: 1, height: 3 });
  });
});
