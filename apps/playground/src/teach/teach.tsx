import { useEffect, useState } from "preact/hooks";
import type { ModelClient } from "../model/client.ts";
import { allSamples, emojiSamples, fetchSample, type Sample } from "../samples/samples.ts";
import { Bars } from "../ui/bars.tsx";
import { Curve } from "../ui/curve.tsx";
import { ErrorNote, Status } from "../ui/note.tsx";
import { PicturePicker, type Picked } from "../ui/picture-picker.tsx";
import { saveFiles } from "../ui/save-files.ts";
import { useTask } from "../ui/use-task.ts";
import type { ModelInfo } from "../worker/protocol.ts";
import { ClassEditor, type TaughtClass } from "./class-editor.tsx";
import { usage } from "./usage.ts";

const usualSteps = 60;
const mostSteps = 1000;
const mostClasses = 10;

/** Two classes to begin with, from the samples. */
const example: readonly { name: string; shows: readonly string[] }[] = [
  { name: "alive", shows: ["dog face", "cat face", "octopus", "sunflower"] },
  { name: "goes somewhere", shows: ["sailboat", "bicycle", "locomotive"] },
];

/** A head of one's own, learnt in the page from a handful of pictures. */
export function Teach({ client }: { client: ModelClient; info: ModelInfo }) {
  const [classes, setClasses] = useState<TaughtClass[]>([]);
  const [steps, setSteps] = useState(usualSteps);
  const [{ losses, length }, setCourse] = useState<{ losses: readonly number[]; length: number }>({ losses: [], length: usualSteps });
  const [picked, setPicked] = useState<Picked>();
  const teaching = useTask(async (signal, given: TaughtClass[]) => {
    setCourse({ losses: [], length: steps });
    const began = performance.now();
    const input = { classes: given.map(({ name, pictures }) => ({ name, pictures: pictures.map(({ blob }) => blob) })), steps };
    const { accuracy } = await client.call("teach", input, { signal, onProgress: ({ loss }) => setCourse((before) => ({ ...before, losses: [...before.losses, loss] })) });
    return { accuracy, seconds: (performance.now() - began) / 1000 };
  });
  const telling = useTask((signal, blob: Blob) => client.call("tell", { picture: blob }, { signal }));
  const isTaught = teaching.result !== undefined && !teaching.isRunning;
  useEffect(() => {
    if (isTaught && picked) telling.start(picked.blob);
  }, [isTaught, picked]);
  useEffect(() => void exampleClasses().then(setClasses), []);

  const change = (index: number, changed: TaughtClass | undefined): void => setClasses(classes.flatMap((one, at) => (at === index ? (changed ? [changed] : []) : [one])));
  return (
    <div class="columns">
      <section>
        <h2>Classes</h2>
        {classes.map((one, index) => (
          <ClassEditor key={one.id} taught={one} canRemove={classes.length > 2} onChange={(changed) => change(index, changed)} onRemove={() => change(index, undefined)} />
        ))}
        <p>
          <button type="button" disabled={classes.length >= mostClasses} onClick={() => setClasses([...classes, newClass(`class ${classes.length + 1}`)])}>Another class</button>
        </p>
        <label>
          Steps
          <input type="number" min={1} max={mostSteps} value={steps} disabled={teaching.isRunning} onChange={({ currentTarget }) => setSteps(Math.min(mostSteps, Math.max(1, Math.round(currentTarget.valueAsNumber) || usualSteps)))} />
        </label>
        <p>
          {teaching.isRunning ? <button type="button" onClick={teaching.stop}>Stop</button> : <button type="button" class="main" onClick={() => teaching.start(classes)}>Teach</button>}
        </p>
        <Status>{teaching.isRunning ? `Learning: step ${losses.length} of ${length}` : teaching.result ? `Learnt in ${teaching.result.seconds.toFixed(0)} s; ${(100 * teaching.result.accuracy).toFixed(0)} % of its pictures are right.` : ""}</Status>
        {losses.length > 1 && <Curve label={`The loss, step by step: ${losses[0]!.toFixed(2)} at first, ${losses.at(-1)!.toFixed(2)} now`} values={losses} length={length} />}
        <ErrorNote message={teaching.error} />
      </section>
      <section>
        <h2>Try it</h2>
        {isTaught ? (
          <>
            <PicturePicker label="A picture that it has not seen" samples={allSamples} picked={picked} onPick={setPicked} />
            {picked && <img class="shown" src={picked.address} alt={picked.shows} />}
            {telling.result && <Bars label="Classes, likeliest first" items={telling.result} />}
            <ErrorNote message={telling.error} />
            <Export client={client} />
          </>
        ) : (
          <p>Teach it first. The pictures stay on this machine.</p>
        )}
      </section>
    </div>
  );
}

let nextId = 0;
const newClass = (name: string): TaughtClass => ({ id: nextId++, name, pictures: [] });

async function exampleClasses(): Promise<TaughtClass[]> {
  return await Promise.all(
    example.map(async ({ name, shows }) => {
      const samples = shows.map((what) => emojiSamples.find((sample) => sample.shows === what) as Sample);
      const pictures = await Promise.all(samples.map(async (sample) => ({ blob: await fetchSample(sample), shows: sample.shows })));
      return { ...newClass(name), pictures: pictures.map(({ blob, shows: what }) => ({ blob, shows: what, address: URL.createObjectURL(blob) })) };
    }),
  );
}

/** The taught model, file by file, and the lines that use it. */
function Export({ client }: { client: ModelClient }) {
  const saving = useTask(async () => {
    const files = await client.call("taught", {});
    saveFiles(files);
    return files.length;
  });
  return (
    <>
      <h2>Take it along</h2>
      <button type="button" onClick={() => saving.start()}>Save its {saving.result ?? ""} files</button>
      <pre tabIndex={0} aria-label="How to use it">{usage}</pre>
      <ErrorNote message={saving.error} />
    </>
  );
}
