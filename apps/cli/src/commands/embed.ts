import { OptionError } from "@multiway/errors";
import { writeAtomic } from "../files/write-atomic.ts";
import { withModel } from "../model/with-model.ts";
import { encodeNpy } from "../model/npy.ts";
import type { ModelFlags } from "../model/model-flags.ts";
import { expandFolders } from "../model/pictures.ts";

export interface EmbedFlags extends ModelFlags {
  text?: string[];
  joint?: boolean;
  out?: string;
}

/** What a vector is of. */
interface Row {
  picture?: string;
  text?: string;
  vector: Float32Array;
}

/** Writes vectors of pictures, texts, or pairs of them: JSON Lines, or `.npy`. @returns the exit code */
export async function embed(places: readonly string[], { text: texts = [], joint = false, out, ...flags }: EmbedFlags): Promise<number> {
  const pictures = await expandFolders(places);
  if (pictures.length + texts.length === 0) throw new OptionError("embed: neither pictures nor texts are given; expected at least one. Name pictures, or give --text.");
  return await withModel(flags, {}, async (model, signal) => {
    const rows: Row[] = joint
      ? (await model.encodePair(pictures, texts, { signal })).map(({ joint: vector }, index) => ({ picture: pictures[index]!, text: texts[index]!, vector }))
      : [
          ...(await model.encodeImage(pictures, { signal })).map(({ vector }, index) => ({ picture: pictures[index]!, vector })),
          ...(await model.encodeText(texts, { signal })).map(({ vector }, index) => ({ text: texts[index]!, vector })),
        ];
    const lines = (): string => rows.map((row) => `${JSON.stringify({ ...row, vector: Array.from(row.vector) })}\n`).join("");
    if (out === undefined) process.stdout.write(flags.json ? `${JSON.stringify(rows.map((row) => ({ ...row, vector: Array.from(row.vector) })))}\n` : lines());
    else {
      await writeAtomic(out, /\.npy$/i.test(out) ? encodeNpy(rows.map(({ vector }) => vector)) : lines());
      process.stdout.write(`${out}: ${rows.length} vector${rows.length === 1 ? "" : "s"} of ${rows[0]!.vector.length} numbers\n`);
    }
  });
}
