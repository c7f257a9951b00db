import { describeCheckpoint, formatCheckpoint } from "@multiway/checkpoint";
import { withoutControls } from "./without-controls.ts";

export interface InspectFlags {
  depth?: number;
  statistics?: boolean;
  json?: boolean;
}

/** What a checkpoint holds, as text. */
export async function inspect(file: string, { depth, statistics = false, json = false }: InspectFlags): Promise<string> {
  const description = await describeCheckpoint(file, { statistics });
  // JSON spells such characters by their numbers.
  if (json) return JSON.stringify(description, undefined, 2).replace(/[\u007f-\u009f]/g, withoutControls);
  // Metadata may be a page long, as the record of a stopped run is.
  return formatCheckpoint(description, depth === undefined ? {} : { depth })
    .split("\n")
    .map((line) => (/^ {2}\S+ = /.test(line) && line.length > longestLine ? `${line.slice(0, longestLine)}… (${line.length.toLocaleString("en-US")} characters)` : line))
    .map(withoutControls)
    .join("\n");
}

const longestLine = 200;
