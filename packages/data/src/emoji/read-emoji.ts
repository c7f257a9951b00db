import { openFolder } from "#folder";
import { DataError, formatList, formatValue } from "@multiway/errors";
import { crop, decodeImage, type Image } from "@multiway/images";
import type { DataFolder, FolderSource } from "../folders/data-folder.ts";

/** What an emoji means, in English. */
export interface EmojiConcept {
  /** Code points in hexadecimal without fe0f, joined by hyphens: "1f499". */
  id: string;
  emoji: string;
  name: string;
  keywords: string[];
}

/** The pictures of one designer. */
export interface EmojiStyle {
  name: string;
  /** Width and height of every picture in pixels. */
  tilePx: number;
  /** The concepts that are drawn in this style. */
  ids: string[];
  /**
   * A picture of its own, RGB on white.
   *
   * @throws DataError when the style does not draw the concept
   */
  image(id: string): Image;
}

export interface EmojiSet {
  concepts: EmojiConcept[];
  styles: Map<string, EmojiStyle>;
}

/** The styles of the set that comes with the command line. */
export const emojiStyles = ["noto", "twemoji", "emojitwo", "blob"] as const;

/**
 * Reads an emoji set: `concepts.json`, and for each style `<style>.json` and `<style>.webp`.
 *
 * @param source         for example `apps/cli/data/emoji`; in a page the files by name
 * @param options.styles default {@link emojiStyles}
 * @throws DataError naming file and remedy when something is missing, cut short, or does not fit together
 */
export async function readEmoji(source: FolderSource, options: { styles?: readonly string[] } = {}): Promise<EmojiSet> {
  const folder = await openFolder(source).catch((cause: unknown) => {
    throw failure(typeof source === "string" ? source : "the emoji set", "the folder cannot be read", cause);
  });
  const concepts = checkConcepts(await readJson(folder, "concepts.json"), nameIn(folder, "concepts.json"));
  const known = new Set(concepts.map(({ id }) => id));
  const styles = await Promise.all((options.styles ?? emojiStyles).map((name) => readStyle(folder, name, known)));
  return { concepts, styles: new Map(styles.map((style) => [style.name, style])) };
}

async function readStyle(folder: DataFolder, name: string, known: ReadonlySet<string>): Promise<EmojiStyle> {
  const indexFile = nameIn(folder, `${name}.json`);
  const { tile, columns, ids } = checkIndex(await readJson(folder, `${name}.json`), indexFile);
  const unknown = ids.filter((id) => !known.has(id));
  if (unknown.length > 0) throw failure(indexFile, `${formatList(unknown, 3)} cannot be found in concepts.json`);
  const sheetFile = nameIn(folder, `${name}.webp`);
  const bytes = await readBytes(folder, `${name}.webp`);
  let sheet: Image;
  try {
    sheet = await decodeImage(bytes, { source: sheetFile, maxPixels: 64e6 });
  } catch (cause) {
    throw failure(sheetFile, "the picture cannot be decoded", cause);
  }
  const width = columns * tile;
  const height = Math.ceil(ids.length / columns) * tile;
  if (sheet.width !== width || sheet.height !== height) {
    throw failure(sheetFile, `the sheet has ${sheet.width} × ${sheet.height} pixels; ${name}.json needs ${width} × ${height} for ${ids.length} tiles of ${tile}`);
  }
  const places = new Map(ids.map((id, index) => [id, index]));
  if (places.size !== ids.length) throw failure(indexFile, `${ids.length - places.size} ids occur twice`);
  return {
    name,
    tilePx: tile,
    ids,
    image(id) {
      const place = places.get(id);
      if (place === undefined) throw new DataError(`readEmoji: style ${name} has no picture of ${formatValue(id)}; see \`ids\` for the ${ids.length} that it has.`);
      return crop(sheet, { left: (place % columns) * tile, top: Math.floor(place / columns) * tile, width: tile, height: tile });
    },
  };
}

function checkConcepts(value: unknown, file: string): EmojiConcept[] {
  if (!Array.isArray(value) || value.length === 0) throw failure(file, `it holds ${formatValue(value)}; expected a list of concepts`);
  const bad = value.findIndex(
    (entry) => !isRecord(entry) || [entry["id"], entry["emoji"], entry["name"]].some((field) => typeof field !== "string" || field === "") || !isStrings(entry["keywords"]),
  );
  if (bad >= 0) throw failure(file, `entry ${bad} lacks id, emoji, name or keywords`);
  return value as EmojiConcept[];
}

function checkIndex(value: unknown, file: string): { tile: number; columns: number; ids: string[] } {
  if (!isRecord(value)) throw failure(file, `it holds ${formatValue(value)}; expected tile, columns and ids`);
  const { tile, columns, ids } = value;
  if (!isCount(tile) || !isCount(columns)) throw failure(file, `tile is ${formatValue(tile)} and columns ${formatValue(columns)}; expected positive whole numbers`);
  if (!isStrings(ids) || ids.length === 0) throw failure(file, `ids is ${formatValue(ids)}; expected a list of strings`);
  return { tile, columns, ids };
}

const nameIn = (folder: DataFolder, file: string): string => `${folder.name}/${file}`;

async function readJson(folder: DataFolder, name: string): Promise<unknown> {
  const text = new TextDecoder().decode(await readBytes(folder, name));
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw failure(nameIn(folder, name), "it is not whole JSON", cause);
  }
}

async function readBytes(folder: DataFolder, name: string): Promise<Uint8Array> {
  if (!folder.paths.includes(name)) throw failure(nameIn(folder, name), "it is not there");
  return await folder.read(name);
}

function failure(file: string, problem: string, cause?: unknown): DataError {
  return new DataError(`readEmoji: ${file}: ${problem}. Restore the folder from the repository (apps/cli/data/emoji), or check the path.`, {
    details: { file },
    ...(cause === undefined ? {} : { cause }),
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string");
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0;
}
