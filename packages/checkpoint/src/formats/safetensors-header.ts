import { formatShape, formatValue } from "@multiway/errors";
import { failure, type Place } from "../failure.ts";
import { elementTypes, isElementType, sizeBytes } from "./element-types.ts";
import type { TensorEntry } from "./stored-tensor.ts";

/** What stands before the data of a safetensors file. */
export interface SafetensorsHeader {
  entries: TensorEntry[];
  metadata: Record<string, string>;
}

/** The header's length: eight bytes, unsigned, little-endian. */
export const lengthBytes = 8;
/** What 100,000 tensors take; a longer one is refused before any of it is read. */
export const maxHeaderBytes = 16 * 1024 * 1024;
/** As many as PyTorch allows. */
const maxAxes = 64;
/** Objects and arrays inside each other: header, tensor, shape. */
const maxDepth = 3;

const getAnew = "The file is damaged or was cut short; get a new copy and compare its size.";
const notOurs = "Is it a safetensors file? The file may be damaged; get a new copy.";

/**
 * The length of the header, checked against the file's size.
 *
 * @param start  the first eight bytes, or fewer when the file is shorter
 */
export function headerLength(start: Uint8Array, fileBytes: number, place: Place): number {
  if (fileBytes < lengthBytes || start.length < lengthBytes) throw failure(place, `the file has ${fileBytes} bytes; expected at least ${lengthBytes}, the length of the header`, getAnew);
  const length = new DataView(start.buffer, start.byteOffset, lengthBytes).getBigUint64(0, true);
  if (length > BigInt(fileBytes - lengthBytes)) {
    throw failure(place, `bytes 0 to 7 announce a header of ${length} bytes; ${fileBytes - lengthBytes} are left in the file`, notOurs, { details: { headerBytes: length, fileBytes } });
  }
  if (length > maxHeaderBytes) throw failure(place, `bytes 0 to 7 announce a header of ${length} bytes; at most ${maxHeaderBytes} are read`, notOurs, { details: { headerBytes: length } });
  if (length < 2n) throw failure(place, `bytes 0 to 7 announce a header of ${length} bytes; expected at least 2, for "{}"`, notOurs);
  return Number(length);
}

/**
 * Reads a header and checks that its tensors fill the rest of the file exactly: no overlap, no gap, each aligned to its elements and as long as its
 * shape says, as the specification demands (github.com/huggingface/safetensors, README, "Format").
 *
 * @param json  the header's bytes, without its length
 */
export function parseHeader(json: Uint8Array, fileBytes: number, place: Place): SafetensorsHeader {
  let text: string;
  let parsed: unknown;
  let twice: string | undefined;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(json);
    twice = checkNesting(text);
    parsed = JSON.parse(text);
  } catch (cause) {
    throw failure(place, `the header, bytes ${lengthBytes} to ${lengthBytes + json.length - 1}, is no JSON (${(cause as Error).message})`, notOurs, { cause });
  }
  if (!isRecord(parsed)) throw failure(place, `the header is ${formatValue(parsed)}; expected an object with one entry per tensor`, notOurs);
  if (twice !== undefined) throw failure(place, `the header names ${formatValue(twice)} twice; expected each tensor once`, "Whoever wrote the file must write it again.", { details: { name: twice } });

  const dataStart = lengthBytes + json.length;
  let metadata: Record<string, string> = {};
  const entries: TensorEntry[] = [];
  for (const [name, entry] of Object.entries(parsed)) {
    if (name === "__metadata__") metadata = checkMetadata(entry, place);
    else entries.push(checkEntry(name, entry, dataStart, fileBytes, place));
  }
  checkCover(entries, dataStart, fileBytes, place);
  return { entries, metadata };
}

function checkMetadata(entry: unknown, place: Place): Record<string, string> {
  if (!isRecord(entry)) throw failure(place, `"__metadata__" is ${formatValue(entry)}; expected an object of texts`, notOurs);
  for (const [name, value] of Object.entries(entry)) {
    if (typeof value !== "string") throw failure(place, `"__metadata__" has ${formatValue(value)} under ${formatValue(name)}; expected a text`, notOurs);
  }
  return entry as Record<string, string>;
}

function checkEntry(name: string, entry: unknown, dataStart: number, fileBytes: number, place: Place): TensorEntry {
  const fail = (problem: string, remedy = getAnew) => failure(place, `tensor ${formatValue(name)}: ${problem}`, remedy, { details: { name } });
  if (!isRecord(entry)) throw fail(`its entry is ${formatValue(entry)}; expected dtype, shape and data_offsets`, notOurs);
  const { dtype: type, shape, data_offsets: offsets } = entry;
  if (!isElementType(type)) throw fail(`its dtype is ${formatValue(type)}; expected one of ${Object.keys(elementTypes).join(", ")}`, "Convert it to one of these where the file was written.");
  if (!Array.isArray(shape) || shape.length > maxAxes || !shape.every(isCount)) throw fail(`its shape is ${describe(shape)}; expected at most ${maxAxes} whole numbers, none below 0`, notOurs);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) throw fail(`its data_offsets are ${describe(offsets)}; expected two whole numbers`, notOurs);
  const [begin, end] = offsets as [number, number];
  const available = fileBytes - dataStart;
  if (begin > end || end > available) throw fail(`its data_offsets are [${begin}, ${end}]; the file has ${available} bytes of data`);
  const expected = sizeBytes(type, shape as number[]);
  if (end - begin !== expected) throw fail(`${type}${formatShape(shape as number[])} needs ${expected} bytes, but its data_offsets [${begin}, ${end}] hold ${end - begin}`);
  if (begin % elementTypes[type].sizeBytes !== 0) throw fail(`it begins at byte ${begin} of the data; expected a multiple of ${elementTypes[type].sizeBytes}, the size of ${type}`, "Whoever wrote the file must align it.");
  return { name, type, shape: shape as number[], begin: dataStart + begin, end: dataStart + end, near: dataStart + begin };
}

/** Sorted by place, the tensors must follow each other without overlap and without gap, to the end of the file. */
function checkCover(entries: readonly TensorEntry[], dataStart: number, fileBytes: number, place: Place): void {
  let last: TensorEntry | undefined;
  let position = dataStart;
  for (const entry of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (entry.begin < position) {
      throw failure(place, `tensors ${formatValue(last!.name)} and ${formatValue(entry.name)} overlap at byte ${entry.begin - dataStart} of the data; expected each to begin where the one before ends`, getAnew, {
        details: { names: [last!.name, entry.name] },
      });
    }
    if (entry.begin > position) {
      throw failure(place, `bytes ${position - dataStart} to ${entry.begin - dataStart - 1} of the data, before tensor ${formatValue(entry.name)}, belong to no tensor; expected none to be left over`, getAnew, { details: { name: entry.name } });
    }
    position = entry.end;
    last = entry;
  }
  if (position !== fileBytes) {
    throw failure(place, `the file has ${fileBytes} bytes, but its tensors end at byte ${position}; expected nothing behind them`, getAnew, { details: { fileBytes, position } });
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const describe = (value: unknown): string => (Array.isArray(value) && value.length <= 8 ? JSON.stringify(value) : formatValue(value));

/**
 * A look at JSON text before it is parsed: deep nesting, which would cost far more memory than text, is refused.
 *
 * @returns the first key that an object has twice; `JSON.parse` would keep the last and say nothing
 */
function checkNesting(text: string): string | undefined {
  /** Keys of the objects that are open, by depth; arrays have none. */
  const open: (Set<string> | undefined)[] = [];
  let isKey = false;
  for (let position = 0; position < text.length; position++) {
    const character = text[position];
    if (character === '"') {
      const start = position++;
      while (position < text.length && text[position] !== '"') position += text[position] === "\\" ? 2 : 1;
      const keys = open.at(-1);
      if (!isKey || !keys) continue;
      isKey = false;
      const key = JSON.parse(text.slice(start, position + 1)) as string;
      if (keys.has(key)) return key;
      keys.add(key);
    } else if (character === "{" || character === "[") {
      isKey = character === "{";
      if (open.push(isKey ? new Set() : undefined) > maxDepth) throw new SyntaxError(`more than ${maxDepth} levels at character ${position}`);
    } else if (character === "}" || character === "]") open.pop();
    // A comma in an object stands before a key, in an array before a value.
    else if (character === ",") isKey = open.at(-1) !== undefined;
  }
  return undefined;
}
