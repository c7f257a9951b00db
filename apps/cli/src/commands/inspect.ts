import { describeCheckpoint, formatCheckpoint } from "@multiway/checkpoint";

/** What a checkpoint holds, as text. */
export async function inspect(file: string, { depth }: { depth?: number }): Promise<string> {
  const text = formatCheckpoint(await describeCheckpoint(file), depth === undefined ? {} : { depth });
  // Metadata may be a page long, as the record of a stopped run is.
  return text
    .split("\n")
    .map((line) => (/^ {2}\S+ = /.test(line) && line.length > longestLine ? `${line.slice(0, longestLine)}… (${line.length.toLocaleString("en-US")} characters)` : line))
    .map(withoutControls)
    .join("\n");
}

const longestLine = 200;

/** A file's names are not ours: what would move the cursor or colour the terminal is shown instead. */
function withoutControls(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
