/**
 * Times our tokenizer beside Google's and that of transformers.js, on the 64,000-piece vocabulary of BEiT-3.
 *
 *     pnpm bench:tokenizers                      # ours, and Google's where Python has it
 *     pnpm bench:tokenizers --peers --rounds 15  # installs transformers.js's as well
 *
 * Texts: 3,000 COCO captions, and 380 strings in about 60 languages. Contestants take turns within a round; the first two rounds warm up.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { parseSentencePieceModel, SentencePieceTokenizer } from "@multiway/tokenizers";
import { benchFolder } from "../folders.ts";
import { thisMachine } from "../machine.ts";
import { installPeer, isInstalled } from "../peers.ts";
import { summarise } from "../statistics.ts";
import { contestantOf, type Contestant } from "./contestant.ts";
import { google, googleAbsence } from "./google.ts";
import { huggingFace, huggingFacePeer } from "./hugging-face.ts";

const warmUpRounds = 2;
const fixture = (name: string) => gunzipSync(readFileSync(join(benchFolder, "../../packages/tokenizers/fixtures", `${name}.gz`)));

const { values } = parseArgs({ options: { peers: { type: "boolean", default: false }, rounds: { type: "string", default: "9" } } });
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds is ${values.rounds}; expected a whole number from 1 up.`);
if (values.peers) await installPeer(huggingFacePeer);
const machine = thisMachine();
console.log(`${machine.processor}; ${machine.system}, Node ${machine.node}; commit ${machine.commit}`);

const modelBytes = fixture("models/unilm3-cased-64k.model");
const model = parseSentencePieceModel(modelBytes);
const tokenizer = new SentencePieceTokenizer(model);
const corpora = {
  "3,000 captions": fixture("captions.txt").toString().split("\n").filter(Boolean),
  "380 strings in about 60 languages": fixture("strings.jsonl").toString().trim().split("\n").map((line) => (JSON.parse(line) as { text: string }).text),
};
for (const [name, texts] of Object.entries(corpora)) await compare(name, texts);

async function compare(name: string, texts: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "multiway-bench-"));
  const contestants: Contestant[] = [contestantOf("@multiway/tokenizers encodeIds", texts, (text) => tokenizer.encodeIds(text)), contestantOf("@multiway/tokenizers encode", texts, (text) => tokenizer.encode(text).ids)];
  const absence = googleAbsence();
  if (absence === undefined) contestants.push(...(await google(modelBytes, texts, folder)));
  else console.log(`left out: ${absence}`);
  if (isInstalled(huggingFacePeer)) contestants.push(huggingFace(model, texts));
  else console.log("left out: transformers.js, which is not installed; --peers installs it");

  const samples = contestants.map(() => [] as number[]);
  for (let round = -warmUpRounds; round < rounds; round++) {
    for (const [index, contestant] of contestants.entries()) {
      const ms = await contestant.time();
      if (round >= 0) samples[index]!.push(ms);
    }
  }
  const ours = (await contestants[0]!.ids()).map(String);
  const sizeBytes = Buffer.byteLength(texts.join(""));
  console.log(`\n${name}, ${sizeBytes} bytes, ${rounds} rounds`);
  for (const [index, contestant] of contestants.entries()) {
    const { medianMs, p10Ms, p90Ms } = summarise(samples[index]!);
    const same = (await contestant.ids()).filter((ids, place) => String(ids) === ours[place]).length;
    const rate = (sizeBytes / medianMs / 1000).toFixed(2).padStart(6);
    console.log(`${rate} MB/s  ${medianMs.toFixed(1).padStart(7)} ms (${p10Ms.toFixed(1)} to ${p90Ms.toFixed(1)})  ${same} of ${texts.length} texts alike  ${contestant.title}`);
  }
  for (const contestant of contestants) contestant.close?.();
  rmSync(folder, { recursive: true });
}
