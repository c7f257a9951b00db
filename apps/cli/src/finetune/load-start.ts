import { headOf, type HeadModel } from "@multiway/beit3";
import type { DatasetTask } from "@multiway/data";
import { CheckpointError, formatList, formatShape } from "@multiway/errors";
import { initialise } from "@multiway/nn";
import type { Key } from "@multiway/random";
import { sizeOf, type Device, type Shape } from "@multiway/tensor";
import { loadOfficial, type OfficialFile, type OfficialNames, type OfficialReport } from "@multiway/transformer";

/**
 * Takes what fits of a checkpoint into a model: the encoder, and the head where it is the same one; everything else begins anew.
 *
 * @param keepsHead false where the head of the file is for other classes or answers
 * @returns what was taken and what was not, sentence by sentence
 * @throws CheckpointError for an encoder of another form, and a file of which nothing fits
 */
export async function loadStart(model: HeadModel, file: OfficialFile, { device, key, keepsHead }: { device: Device; key: Key; keepsHead: boolean }): Promise<string[]> {
  const names = (model.constructor as unknown as { officialNames: OfficialNames }).officialNames;
  const shapes = new Map(model.tensors().map(({ name, tensor }) => [names.toOfficial(name)!, tensor.shape]));
  const { view, dropped } = withoutOtherHead(file, shapes, keepsHead);
  const report = await loadOfficial(model, view, { device, halves: "widen" });
  if (!report.loaded.some((name) => name.startsWith(encoderPrefix))) {
    throw new CheckpointError(`finetune: of ${file.name} only ${formatList(report.loaded)} would fit, and nothing of the encoder; expected a checkpoint of a BEiT-3 of the same form.`, { details: { report } });
  }
  await initialise(model, { device, key });
  return describe(file, report, dropped);
}

const encoderPrefix = "beit3.";

/**
 * The file of a joint model as one of a single task: its encoder, and the head of the task where it has that one, under official names.
 *
 * @param model of the task
 */
export function viewOfTask(file: OfficialFile, task: DatasetTask, model: HeadModel): OfficialFile {
  const names = (model.constructor as unknown as { officialNames: OfficialNames }).officialNames;
  const ownNames = new Map(model.tensors().map(({ name }) => [names.toOfficial(name)!, name.startsWith("transformer.") ? name : `heads.${task}.${name}`]));
  const entries = new Map([...ownNames].flatMap(([official, own]) => (file.entries.has(own) ? [[official, file.entries.get(own)!] as const] : [])));
  return { name: file.name, entries, read: (name) => file.read(ownNames.get(name)!), readOnto: (on, name, options) => file.readOnto(on, ownNames.get(name)!, options) };
}

/** The file less the tensors of a head that is of other sizes, or for other classes or answers. */
function withoutOtherHead(file: OfficialFile, shapes: ReadonlyMap<string, Shape>, keepsHead: boolean): { view: OfficialFile; dropped: string[] } {
  const dropped: string[] = [];
  const entries = new Map(
    [...file.entries].filter(([name, { shape }]) => {
      const own = [...shapes].find(([official]) => !official.startsWith(encoderPrefix) && (name === official || name.endsWith(`.${official}`)));
      const fits = !own || (own[1].join() === shape.join() && (keepsHead || !isLast(own[0])));
      if (!fits) dropped.push(`${name} ${formatShape(shape)}`);
      return fits;
    }),
  );
  return { view: { name: file.name, entries, read: (name) => file.read(name), readOnto: (...call) => file.readOnto(...call) }, dropped };
}

/** The layer that has a row for each class or answer. */
const isLast = (official: string): boolean => /^head(\.3)?\.(weight|bias)$/.test(official);

function describe(file: OfficialFile, report: OfficialReport, dropped: readonly string[]): string[] {
  const ofEncoder = (names: readonly string[]) => names.filter((name) => name.startsWith(encoderPrefix));
  const ofHead = (names: readonly string[]) => names.filter((name) => !name.startsWith(encoderPrefix));
  const count = [...file.entries.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const lines = [`${ofEncoder(report.loaded).length} tensors of the encoder taken from ${file.name} (${count.toLocaleString("en-US")} numbers in all)`];
  if (ofHead(report.loaded).length > 0) lines.push(`its head is taken, too: ${formatList(ofHead(report.loaded))}`);
  if (dropped.length > 0) lines.push(`left out, being for other classes, answers or sizes: ${formatList(dropped)}`);
  const others = ofHead(report.unexpected);
  if (others.length > 0) {
    const { task } = headOf(new Map([...file.entries].map(([name, { shape }]) => [name.replace(/^(module\.|model\.)+/, ""), shape])));
    lines.push(`its head${task === "encoder" ? "" : `, that of ${task},`} is left out: ${formatList(others)}`);
  }
  const anew = ofHead(report.missing);
  if (anew.length > 0) lines.push(`the head begins anew: ${formatList(anew)}`);
  if (ofEncoder(report.unexpected).length > 0) lines.push(`not in this task's encoder, and left out: ${formatList(ofEncoder(report.unexpected))}`);
  if (ofEncoder(report.missing).length > 0) lines.push(`not in the file, and begun anew: ${formatList(ofEncoder(report.missing))}`);
  if (report.resized.length > 0) lines.push(`resampled for pictures of another size: ${formatList(report.resized)}`);
  return lines;
}
