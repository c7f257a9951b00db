import { key } from "@multiway/random";
import { checkManifest, type GoldenSampling, type GoldenString, type TokenizerManifest } from "./golden/manifest.ts";
import { Tally, type GoldenResult } from "./golden/tally.ts";
import { parseSentencePieceModel } from "./model-file/parse-model.ts";
import { SentencePieceTokenizer } from "./tokenizer.ts";
import { XlmRobertaTokenizer } from "./xlm-roberta/xlm-roberta.ts";

export type { GoldenResult };

/** Draws per sampling case; a wrong sampler shows in far fewer. */
const mostDraws = 4000;
/** Standard deviations that a count may lie off: over a thousand counts, one beyond 5 comes up in about 1 run of 1,700. */
const deviations = 5;

/**
 * Runs a golden case of a kind that starts with `tokenizer.`: the model it names, on every string it lists.
 *
 * Strings and ids must be equal; scores, entropies and log probabilities lie within `score_atol`; sampling frequencies within
 * five standard deviations.
 *
 * @param manifest the parsed JSON
 * @param readFile gives the bytes of a file that the manifest names
 * @returns one result per kind of value, its name with the number of comparisons
 * @throws DataError when the manifest is not of this format; TokenizerError when the model cannot be read
 */
export async function runTokenizerCase(manifest: unknown, readFile: (name: string) => Promise<Uint8Array>): Promise<GoldenResult[]> {
  const golden = checkManifest(manifest);
  const tokenizer = new SentencePieceTokenizer(parseSentencePieceModel(await readFile(golden.files.find((name) => name.endsWith(".model"))!)));
  const tallies = new Map<string, Tally>();
  const tally = (name: string): Tally => {
    let found = tallies.get(name);
    if (!found) tallies.set(name, (found = new Tally()));
    return found;
  };

  const { size, unk, bos, eos, pad } = golden.vocabulary;
  const { vocabularySize, unknownId, beginId = -1, endId = -1, paddingId = -1 } = tokenizer;
  tally("vocabulary").exact("", { size, unk, bos, eos, pad }, { size: vocabularySize, unk: unknownId, bos: beginId, eos: endId, pad: paddingId });
  const isUnigram = tokenizer.model.trainer.algorithm === "unigram";
  for (const string of golden.strings) {
    compareString(string, tokenizer, tally);
    if (isUnigram) compareLattice(string, golden, tokenizer, tally);
    else compareDropped(string, tokenizer, tally);
  }
  for (const { ids, pieces, decoded } of golden.decode_only) {
    tally("decode only").exact(pieces.join(""), decoded, tokenizer.decode(ids));
    tally("id to piece").exact(decoded, pieces, ids.map((id) => tokenizer.idToPiece(id)));
  }
  if (golden.xlmr) compareNumbering(golden, golden.xlmr, tokenizer, tally);
  golden.sampling.forEach((sampling, index) => compareSampling(sampling, index, golden.score_atol, tokenizer, tally));
  return [...tallies].flatMap(([name, found]) => found.result(name) ?? []);
}

type Tallies = (name: string) => Tally;

function compareString(string: GoldenString, tokenizer: SentencePieceTokenizer, tally: Tallies): void {
  const { text, normalized, ids, pieces, begin, end } = string;
  if (typeof normalized === "string") tally("normalized").exact(text, normalized, tokenizer.normalize(text));
  const encoding = tokenizer.encode(text);
  tally("ids").exact(text, ids, [...encoding.ids]);
  tally("ids alone").exact(text, ids, [...tokenizer.encodeIds(text)]);
  tally("pieces").exact(text, pieces, encoding.pieces);
  tally("begins").exact(text, begin, [...encoding.begins]);
  tally("ends").exact(text, end, [...encoding.ends]);
  tally("decoded").exact(text, string.decoded, tokenizer.decode(ids));
  tally("decoded from pieces").exact(text, string.decoded_from_pieces, tokenizer.decodePieces(pieces));
}

/** N-best list, entropy and samples of a unigram model. */
function compareLattice({ text, nbest, entropy, samples }: GoldenString, golden: TokenizerManifest, tokenizer: SentencePieceTokenizer, tally: Tallies): void {
  const { score_atol: tolerance, sample_alpha: alpha } = golden;
  // The reference gives a list of one the score 0, whatever its score.
  if (nbest && nbest.length > 0 && !(nbest.length === 1 && nbest[0]!.score === 0)) {
    const found = tokenizer.nBest(text, nbest.length);
    tally("n-best sizes").exact(text, nbest.length, found.length);
    nbest.forEach(({ ids, score }, rank) => {
      // Equal scores may come in either order, so ranks are compared by score, and segmentations by being scored.
      tally("n-best scores").close(text, score, found[rank]?.score ?? Number.NaN, tolerance);
      tally("n-best segmentations").close(text, score, tokenizer.score(text, ids), tolerance);
      if (found[rank]) tally("n-best own scores").close(text, found[rank].score, tokenizer.score(text, found[rank].ids), tolerance);
    });
  }
  if (entropy !== undefined) tally("entropy").close(text, entropy, tokenizer.entropy(text, alpha), tolerance);
  for (const { ids, log_probability: expected } of samples ?? []) {
    if (expected !== undefined) tally("sampled segmentations").close(text, expected, tokenizer.logProbability(text, ids, alpha), tolerance);
  }
}

/** Segmentations with dropped merges still spell the text. */
function compareDropped({ text, ids, samples }: GoldenString, tokenizer: SentencePieceTokenizer, tally: Tallies): void {
  for (const sample of samples ?? []) tally("sampled segmentations").exact(text, tokenizer.decode(ids), tokenizer.decode(sample.ids));
}

function compareNumbering(golden: TokenizerManifest, numbers: NonNullable<TokenizerManifest["xlmr"]>, sentencePiece: SentencePieceTokenizer, tally: Tallies): void {
  const tokenizer = new XlmRobertaTokenizer(sentencePiece);
  const { beginId: bos, paddingId: pad, endId: eos, unknownId: unk, maskId: mask, vocabularySize } = tokenizer;
  const { bos: wantBos, pad: wantPad, eos: wantEos, unk: wantUnk, mask: wantMask, vocabulary_size: wantSize } = numbers;
  tally("model numbering").exact("", [wantBos, wantPad, wantEos, wantUnk, wantMask, wantSize], [bos, pad, eos, unk, mask, vocabularySize]);
  for (const { text, xlmr_ids: ids, xlmr_decoded: decoded, xlmr_special_text: hasSpecial } of golden.strings) {
    if (ids && !hasSpecial) tally("model ids").exact(text, ids, [...tokenizer.tokenize(text)]);
    if (ids && decoded !== undefined) {
      tally("model decoded").exact(text, decoded, tokenizer.decode(ids, { skipsSpecials: false, cleansUpSpaces: false }));
    }
  }
}

function compareSampling({ text, alpha, nbest, draws, counts, exact }: GoldenSampling, index: number, tolerance: number, tokenizer: SentencePieceTokenizer, tally: Tallies): void {
  const ours = Math.min(draws, mostDraws);
  const found = new Map<string, number>();
  const options = { key: key(1729).fold(index), alpha, ...(nbest === undefined ? {} : { nBest: nbest }) };
  for (const { ids } of tokenizer.sampleMany(text, ours, options)) {
    const name = ids.join(" ");
    found.set(name, (found.get(name) ?? 0) + 1);
  }
  const place = `${text} (alpha ${alpha}${nbest === undefined ? "" : `, ${nbest} best`})`;
  if (exact) {
    for (const [ids, probability] of exact) {
      const spread = Math.sqrt(ours * probability * (1 - probability)) + 1;
      tally("sampling frequencies").close(place, probability * ours, found.get(ids.join(" ")) ?? 0, deviations * spread);
      // Relative to the probability; the manifest rounds it to 8 digits.
      if (nbest === undefined) tally("sampling probabilities").close(place, probability, Math.exp(tokenizer.logProbability(text, ids, alpha)), tolerance * probability + 1e-8);
    }
  } else {
    for (const [ids, count] of counts) {
      // Two samples of one distribution: the share in both together stands for its probability.
      const mine = found.get(ids.join(" ")) ?? 0;
      const share = (count + mine) / (draws + ours);
      const spread = Math.sqrt(share * (1 - share) * (1 / draws + 1 / ours)) + 1 / ours;
      tally("sampling frequencies").close(place, count / draws, mine / ours, deviations * spread);
    }
  }
}
