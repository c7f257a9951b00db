import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { emojiStyles, readEmoji } from "@multiway/data";
import { DataError } from "@multiway/errors";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const shipped = fileURLToPath(new URL("../../data/emoji", import.meta.url));

describe("the shipped emoji set", () => {
  it("is whole: names are unique, every picture has a concept and shows something", async () => {
    const { concepts, styles } = await readEmoji(shipped);
    expect(concepts).toHaveLength(1558);
    expect(new Set(concepts.map(({ name }) => name)).size).toBe(1558);
    expect([...styles].map(([name, { ids }]) => [name, ids.length])).toEqual([["noto", 1558], ["twemoji", 1558], ["emojitwo", 1099], ["blob", 1417]]);
    for (const style of styles.values()) {
      const blank = style.ids.filter((id) => {
        const { data } = style.image(id);
        return data.every((value) => value === data[0]);
      });
      expect(blank).toEqual([]);
    }
  });
  it("shows what the name says, in every style", async () => {
    const { concepts, styles } = await readEmoji(shipped);
    const heart = concepts.find(({ name }) => name === "blue heart")!;
    expect(heart).toMatchObject({ id: "1f499", emoji: "💙" });
    for (const name of emojiStyles) {
      const { width, height, channels, data } = styles.get(name)!.image(heart.id);
      expect([width, height, channels]).toEqual([32, 32, 3]);
      const [red, , blue] = data.subarray((14 * 32 + 16) * 3) as unknown as [number, number, number];
      expect(blue).toBeGreaterThan(red + 80);
      expect([...data.subarray(0, 3)]).toEqual([255, 255, 255]);
    }
  });
});

describe("a damaged set", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "emoji-"));
    await cp(shipped, folder, { recursive: true });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const reading = async () => {
    const error = await readEmoji(folder, { styles: ["emojitwo"] }).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(DataError.isInstance(error)).toBe(true);
    return (error as Error).message;
  };
  const index = async () => JSON.parse(await readFile(join(folder, "emojitwo.json"), "utf8")) as { tile: number; columns: number; ids: string[] };
  const writeIndex = (value: unknown) => writeFile(join(folder, "emojitwo.json"), JSON.stringify(value));

  it("names what is missing", async () => {
    await rm(join(folder, "emojitwo.webp"));
    expect(await reading()).toBe(
      `readEmoji: ${join(folder, "emojitwo.webp")}: it is not there. Restore the folder from the repository (apps/cli/data/emoji), or check the path.`,
    );
    await rm(folder, { recursive: true });
    expect(await reading()).toContain("the folder cannot be read. Restore");
  });
  it("names what is cut short", async () => {
    for (const name of ["emojitwo.webp", "emojitwo.json", "concepts.json"]) {
      const whole = await readFile(join(shipped, name));
      await writeFile(join(folder, name), whole.subarray(0, whole.length >> 1));
      expect(await reading()).toContain(`${join(folder, name)}: ${name.endsWith("webp") ? "the picture cannot be decoded" : "it is not whole JSON"}`);
      await writeFile(join(folder, name), whole);
    }
  });
  it("names what does not fit together", async () => {
    const whole = await index();
    await writeIndex({ ...whole, ids: whole.ids.slice(0, 100) });
    expect(await reading()).toContain("the sheet has 1024 × 1120 pixels; emojitwo.json needs 1024 × 128 for 100 tiles of 32");
    await writeIndex({ ...whole, ids: ["zz", ...whole.ids.slice(1)] });
    expect(await reading()).toContain("zz cannot be found in concepts.json");
    await writeIndex({ ...whole, ids: [whole.ids[1], ...whole.ids.slice(1)] });
    expect(await reading()).toContain("1 ids occur twice");
    await writeIndex({ ...whole, tile: 0 });
    expect(await reading()).toContain("tile is 0 and columns 32; expected positive whole numbers");
    await writeFile(join(folder, "concepts.json"), '[{"id":"1"}]');
    expect(await reading()).toContain("entry 0 lacks id, emoji, name or keywords");
  });
  it("says when a style does not draw a concept", async () => {
    const { styles } = await readEmoji(folder, { styles: ["emojitwo"] });
    expect(() => styles.get("emojitwo")!.image("nope")).toThrow('readEmoji: style emojitwo has no picture of "nope"; see `ids` for the 1099 that it has.');
  });
});
