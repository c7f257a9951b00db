import { openCheckpoint, saveCheckpoint } from "@multiway/checkpoint";
import { formatList, OptionError } from "@multiway/errors";
import { lazyTensors, type FloatType } from "../convert/lazy-tensors.ts";
import { namingOf, officialToTimm, timmToOfficial, type Renamed } from "../convert/timm-names.ts";
import { withoutControls } from "./without-controls.ts";

export interface ConvertFlags {
  dtype?: "f32" | "f16" | "bf16";
  names?: "official" | "timm";
  part?: string;
  prefix?: string;
  maxShardMb?: number;
}

/**
 * Writes a checkpoint anew: in another format, by the name's end, with floats of another width, under other names. One tensor at a time is in memory.
 *
 * @returns what was done, as text
 */
export async function convert(input: string, output: string, { dtype, names, part, prefix, maxShardMb }: ConvertFlags): Promise<string> {
  await using reader = await openCheckpoint(input, { ...(part !== undefined && { part }), ...(prefix !== undefined && { prefix }) });
  const { recipes, dropped } = renamed(new Map([...reader.entries].map(([name, { shape }]) => [name, shape])), names);
  if (recipes.length === 0) throw new OptionError(`convert: ${input} has ${reader.entries.size} tensors, and none is to be written. Look at it with \`inspect\`.`);
  const tensors = lazyTensors(reader, recipes, dtype?.toUpperCase() as FloatType | undefined);
  // What an index says of its shards is no longer so.
  const { total_size: _, ...metadata } = reader.metadata;
  await saveCheckpoint(output, tensors, metadata, maxShardMb === undefined ? {} : { maxShardBytes: maxShardMb * 1e6 });
  const lines = [`${output}: ${recipes.length} tensors, made of the ${reader.entries.size} of ${reader.name}`];
  if (dropped.length > 0) lines.push(`left out, having no place among ${names === "timm" ? "timm\u2019s" : "the official"} names: ${formatList(dropped)}`);
  return lines.map(withoutControls).join("\n");
}

function renamed(shapes: ReadonlyMap<string, readonly number[]>, names: ConvertFlags["names"]): Renamed {
  const naming = namingOf(shapes.keys());
  if (names === undefined || names === naming) return { recipes: [...shapes].map(([name, shape]) => ({ name, parts: [name], shape })), dropped: [] };
  if (naming === undefined) throw new OptionError(`convert: --names ${names} wants a file with the official names (beit3.encoder.layers.0.self_attn…) or timm's (blocks.0.attn.qkv…); this one has ${formatList([...shapes.keys()].slice(0, 4))}. Leave --names out, or name the part of the file with --part.`);
  return names === "timm" ? officialToTimm(shapes) : timmToOfficial(shapes);
}
