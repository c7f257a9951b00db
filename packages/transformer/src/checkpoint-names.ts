import { CheckpointError } from "@multiway/errors";

/**
 * Our names of a Multiway Transformer's tensors and those of the official checkpoints (microsoft/unilm: beit3, microsoft/torchscale), released form.
 *
 * Longest part first; `{}` is a layer number. `A` is vision, `B` is language.
 */
const table: readonly (readonly [ours: string, official: string])[] = [
  ["textEmbedding.weight", "text_embed.weight"],
  ["visionEmbedding.maskToken", "vision_embed.mask_token"],
  ["visionEmbedding.classToken", "vision_embed.cls_token"],
  ["visionEmbedding.patches.weight", "vision_embed.proj.weight"],
  ["visionEmbedding.patches.bias", "vision_embed.proj.bias"],
  ["positions.vision.weight", "encoder.embed_positions.A.weight"],
  ["positions.language.weight", "encoder.embed_positions.B.weight"],
  ...(["weight", "bias"] as const).flatMap((part) =>
    (
      [
        ["vision", "A"],
        ["language", "B"],
      ] as const
    ).flatMap(([modality, branch]) => [
      ...(
        [
          ["query", "q_proj"],
          ["key", "k_proj"],
          ["value", "v_proj"],
          ["out", "out_proj"],
          ["innerNorm", "inner_attn_ln"],
        ] as const
      ).map(([ours, official]) => [`encoder.layers.{}.attention.${ours}.${modality}.${part}`, `encoder.layers.{}.self_attn.${official}.${branch}.${part}`] as const),
      [`encoder.layers.{}.attentionNorm.${modality}.${part}`, `encoder.layers.{}.self_attn_layer_norm.${branch}.${part}`] as const,
      [`encoder.layers.{}.ffnNorm.${modality}.${part}`, `encoder.layers.{}.final_layer_norm.${branch}.${part}`] as const,
      [`encoder.layers.{}.ffn.${modality}.up.${part}`, `encoder.layers.{}.ffn.${branch}.fc1.${part}`] as const,
      [`encoder.layers.{}.ffn.${modality}.down.${part}`, `encoder.layers.{}.ffn.${branch}.fc2.${part}`] as const,
      [`encoder.layers.{}.ffn.${modality}.norm.${part}`, `encoder.layers.{}.ffn.${branch}.ffn_layernorm.${part}`] as const,
      [`encoder.finalNorm.${modality}.${part}`, `encoder.layer_norm.${branch}.${part}`] as const,
    ]),
  ),
];

const toOfficial = new Map(table);
const toOurs = new Map(table.map(([ours, official]) => [official, ours]));

function translate(names: ReadonlyMap<string, string>, name: string): string | undefined {
  const layer = /\.layers\.(\d+)\./.exec(name)?.[1];
  const found = names.get(layer === undefined ? name : name.replace(`.layers.${layer}.`, ".layers.{}."));
  return layer === undefined ? found : found?.replace("{}", layer);
}

/** As {@link officialName}; undefined for a tensor that the released form does not have. */
export const translateToOfficial = (ours: string): string | undefined => translate(toOfficial, ours);

/** The official name of one of our tensors, without the `beit3.` prefix. @throws CheckpointError for a tensor that the released form does not have */
export function officialName(ours: string): string {
  const official = translateToOfficial(ours);
  if (official === undefined) throw new CheckpointError(`officialName: "${ours}" has no official name; expected a tensor of the released form (everything split by modality).`, { details: { name: ours } });
  return official;
}

/** Our name of an official tensor, without the `beit3.` prefix; undefined for one that is not the encoder's. */
export const nameOfOfficial = (official: string): string | undefined => translate(toOurs, official);
