import { CheckpointError, formatList, formatShape } from "@multiway/errors";
import type { Shape } from "@multiway/tensor";

/** A tensor to be written, and what it is made of. */
export interface Recipe {
  name: string;
  /** Of the file that is read; several are put behind each other along the first axis. */
  parts: readonly string[];
  shape: Shape;
  /** Rows of the first axis that are left out (below 0) or put in front as zeros. */
  rows?: number;
  /** Which third of its part it is, along the first axis. */
  third?: number;
}

export interface Renamed {
  recipes: Recipe[];
  /** What the other naming has no place for. */
  dropped: string[];
}

type Shapes = ReadonlyMap<string, Shape>;

/**
 * Names of the picture branch in the official checkpoints and in timm's (huggingface/pytorch-image-models: vision_transformer.py, PR 2503): `{}` is a layer's number, `@` a weight or a bias.
 *
 * timm leaves the name of the last norm as it is, which its models do not have; `norm` is what they call it.
 */
const table: readonly (readonly [official: string, timm: string])[] = [
  ["vision_embed.cls_token", "cls_token"],
  ["vision_embed.proj.@", "patch_embed.proj.@"],
  ["encoder.layers.{}.self_attn_layer_norm.A.@", "blocks.{}.norm1.@"],
  ["encoder.layers.{}.self_attn.inner_attn_ln.A.@", "blocks.{}.attn.norm.@"],
  ["encoder.layers.{}.self_attn.out_proj.A.@", "blocks.{}.attn.proj.@"],
  ["encoder.layers.{}.final_layer_norm.A.@", "blocks.{}.norm2.@"],
  ["encoder.layers.{}.ffn.A.fc1.@", "blocks.{}.mlp.fc1.@"],
  ["encoder.layers.{}.ffn.A.ffn_layernorm.@", "blocks.{}.mlp.norm.@"],
  ["encoder.layers.{}.ffn.A.fc2.@", "blocks.{}.mlp.fc2.@"],
  ["encoder.layer_norm.A.@", "norm.@"],
];
const toTimm = new Map(table);
const toOfficial = new Map(table.map(([official, timm]) => [timm, official]));
/** Of a classifier; they stand beside the encoder in both. */
const shared = /^(fc_norm|head)\.(weight|bias)$/;
const positions = { official: "encoder.embed_positions.A.weight", timm: "pos_embed" } as const;
const projections = ["q", "k", "v"] as const;
/** Rows of the official table that nothing reads; timm leaves them out. */
const unusedRows = 2;
const prefix = "beit3.";

/** Which of the two a file's names are. */
export function namingOf(names: Iterable<string>): "official" | "timm" | undefined {
  for (const name of names) {
    if (/^(beit3\.)?encoder\.layers\.\d+\.self_attn\./.test(name)) return "official";
    if (/^blocks\.\d+\.attn\.qkv\./.test(name)) return "timm";
  }
  return undefined;
}

function translate(names: ReadonlyMap<string, string>, name: string): string | undefined {
  const layer = /\.(\d+)\./.exec(name)?.[1];
  const part = /\.(weight|bias)$/.exec(name)?.[1];
  const pattern = name.replace(/\.\d+\./, ".{}.").replace(/\.(weight|bias)$/, ".@");
  return (names.get(pattern) ?? names.get(name))?.replace("{}", layer ?? "").replace("@", part ?? "");
}

/** The picture branch of an official checkpoint as timm names it: queries, keys and values in one, the two unused rows of positions left out. */
export function officialToTimm(shapes: Shapes): Renamed {
  const result: Renamed = { recipes: [], dropped: [] };
  for (const [name, shape] of shapes) {
    const own = name.startsWith(prefix) ? name.slice(prefix.length) : name;
    const projection = /^encoder\.layers\.(\d+)\.self_attn\.([qkv])_proj\.A\.(weight|bias)$/.exec(own);
    const renamed = translate(toTimm, own);
    if (own === positions.official) {
      const [rows = 0, width = 0] = requireRank(name, shape, 2);
      result.recipes.push({ name: positions.timm, parts: [name], shape: [1, rows - unusedRows, width], rows: -unusedRows });
    } else if (projection) {
      if (projection[2] !== "q") continue;
      const parts = projections.map((which) => name.replace("q_proj", `${which}_proj`));
      const missing = parts.filter((part) => shapes.get(part)?.join() !== shape.join());
      if (missing.length > 0) throw new CheckpointError(`convert: ${formatList(missing)}: missing, or of another shape than ${name}, ${formatShape(shape)}; timm wants queries, keys and values in one. The file is not whole.`, { details: { missing } });
      result.recipes.push({ name: `blocks.${projection[1]}.attn.qkv.${projection[3]}`, parts, shape: [3 * shape[0]!, ...shape.slice(1)] });
    } else if (renamed !== undefined) result.recipes.push({ name: renamed, parts: [name], shape });
    else if (shared.test(own)) result.recipes.push({ name: own, parts: [name], shape });
    else result.dropped.push(name);
  }
  return result;
}

/** timm's tensors under official names, as the picture branch of a checkpoint that has no other. The rows of positions that nothing reads are zeros. */
export function timmToOfficial(shapes: Shapes): Renamed {
  const result: Renamed = { recipes: [], dropped: [] };
  for (const [name, shape] of shapes) {
    const fused = /^blocks\.(\d+)\.attn\.qkv\.(weight|bias)$/.exec(name);
    const renamed = translate(toOfficial, name);
    if (name === positions.timm) {
      const [, rows = 0, width = 0] = requireRank(name, shape, 3);
      result.recipes.push({ name: prefix + positions.official, parts: [name], shape: [rows + unusedRows, width], rows: unusedRows });
    } else if (fused) {
      if (shape[0]! % 3 !== 0) throw new CheckpointError(`convert: "${name}" is ${formatShape(shape)}; expected queries, keys and values in one, so a first axis that 3 divides.`, { details: { name } });
      for (const [third, which] of projections.entries()) {
        result.recipes.push({ name: `${prefix}encoder.layers.${fused[1]}.self_attn.${which}_proj.A.${fused[2]}`, parts: [name], shape: [shape[0]! / 3, ...shape.slice(1)], third });
      }
    } else if (renamed !== undefined) result.recipes.push({ name: prefix + renamed, parts: [name], shape });
    else if (shared.test(name)) result.recipes.push({ name, parts: [name], shape });
    else result.dropped.push(name);
  }
  return result;
}

function requireRank(name: string, shape: Shape, rank: number): Shape {
  if (shape.length === rank && (rank !== 2 || shape[0]! >= unusedRows)) return shape;
  throw new CheckpointError(`convert: "${name}" is ${formatShape(shape)}; expected ${rank} axes, a row for each position.`, { details: { name, shape } });
}
