import { DataError, formatValue } from "@multiway/errors";
import type { Tensor } from "@multiway/tensor";
import { MultiwayTransformer, type MultiwayTransformerOptions } from "../multiway-transformer.ts";
import { releasedForm } from "../presets.ts";
import { joinTokens, type CaseTensors } from "./case-tensors.ts";
import { countOf, type GoldenManifest } from "./manifest.ts";

/** Settings of the official library that this model has no other form of. */
const required: Readonly<Record<string, unknown>> = {
  multiway: true,
  normalize_before: true,
  deepnorm: false,
  activation: "gelu (erf)",
  scale_embedding: false,
  layernorm_embedding: false,
  output_layer: false,
  relative_position_buckets: 0,
  in_chans: 3,
  dropout: 0,
};

/** The transformer that a manifest describes. @throws DataError when it has a form that this one does not */
export function transformerOptionsOf({ config, fixed }: GoldenManifest): MultiwayTransformerOptions {
  for (const [name, value] of Object.entries(required)) {
    if (name in fixed && fixed[name] !== value) throw new DataError(`runTransformerCase: "${name}" of the manifest is ${formatValue(fixed[name])}; expected ${formatValue(value)}.`);
  }
  return {
    ...releasedForm,
    numLayers: countOf(config, "layers"),
    embedDim: countOf(config, "embed_dim"),
    numHeads: countOf(config, "heads"),
    ffnDim: countOf(config, "ffn_dim"),
    imageSize: countOf(config, "img_size"),
    patchSize: countOf(config, "patch_size"),
    vocabularySize: countOf(config, "vocab_size"),
    textPositions: countOf(config, "max_source_positions"),
    finalNorm: config["normalize_output"] !== false,
    subLayerNorm: fixed["subln"] !== false,
    epsilon: typeof fixed["layernorm_eps"] === "number" ? fixed["layernorm_eps"] : 1e-5,
  };
}

/** Results of a case of kind `beit3.encoder`, by their full names. */
export function runEncoder(manifest: GoldenManifest, tensors: CaseTensors): Map<string, Tensor> {
  const model = tensors.load(new MultiwayTransformer(transformerOptionsOf(manifest)), "", "");
  const results = new Map<string, Tensor>();
  for (const run of manifest.runs) {
    const output = model.forward(
      {
        images: tensors.input(run, "image"),
        text: tensors.input(run, "text"),
        isPadding: tensors.mask(run, "padding_mask"),
        isMaskedPatch: tensors.mask(run, "vision_mask"),
        textPositions: tensors.input(run, "positions"),
        isHidden: tensors.mask(run, "attn_mask"),
      },
      { hidden: true },
    );
    results.set(`outputs/${run.name}/encoder_out`, joinTokens(output));
    output.hidden!.forEach((tokens, layer) => results.set(`outputs/${run.name}/hidden.${layer}`, joinTokens(tokens)));
  }
  return results;
}
