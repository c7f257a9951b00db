import { useEffect, useRef, useState } from "preact/hooks";
import type { ModelClient } from "../model/client.ts";
import { Curve } from "../ui/curve.tsx";
import { ErrorNote, Status } from "../ui/note.tsx";
import { saveFiles } from "../ui/save-files.ts";
import { useTask } from "../ui/use-task.ts";
import { trainingPlans, type ModelInfo, type TrainingNews, type TrainingPlan, type TrainingSoFar } from "../worker/protocol.ts";
import { commandFor } from "./command.ts";
import { GlimpseView } from "./glimpse.tsx";

/** Pretraining from nothing on emoji, as one watches. */
export function Train({ client }: { client: ModelClient; info: ModelInfo }) {
  const [soFar, setSoFar] = useState<TrainingSoFar>();
  const [stage, setStage] = useState("");
  const [rate, setRate] = useState(0);
  const [plan, setPlan] = useState<TrainingPlan>("small");
  const [device, setDevice] = useState<string>();
  const files = useRef<HTMLInputElement>(null);

  const follow = (news: TrainingNews): void => {
    if (news.kind === "stage") return setStage(news.text);
    if (news.kind === "device") return setDevice(news.text);
    if (news.kind === "step") setRate(news.perSecond);
    setSoFar((before) => before && after(before, news));
  };
  const asking = useTask(async () => setSoFar(await client.call("trainingSoFar", {})));
  const training = useTask(async (signal) => {
    setSoFar((before) => before && (before.step === 0 ? { ...before, plan } : before));
    try {
      return await client.call("train", { plan }, { signal, onProgress: follow });
    } finally {
      setStage("");
    }
  });
  const pausing = useTask(() => client.call("pause", {}));
  const replacing = useTask(async (signal, file: File | undefined) => {
    await client.call("pause", {});
    setSoFar(file ? await client.call("loadTraining", { file }, { signal }) : await client.call("forgetTraining", {}, { signal }));
    setDevice(undefined);
  });
  const saving = useTask(async () => saveFiles(await client.call("trainingFiles", {})));
  useEffect(() => asking.start(), []);

  if (!soFar) return <ErrorNote message={asking.error} />;
  const { step, steps, losses, words, evaluations, glimpse } = soFar;
  const isDone = step >= steps;
  const latest = evaluations.at(-1);
  const shownPlan = step === 0 ? plan : soFar.plan;
  return (
    <div class="columns">
      <section>
        <h2>From nothing</h2>
        <p>
          A small model learns to guess what is hidden: in 4,215 emoji of three designers, in their names, and in both together. What it learns shows on pictures of a fourth designer, which it never learns from.
        </p>
        <label>
          Model{" "}
          <select value={shownPlan} disabled={step > 0 || training.isRunning} onChange={({ currentTarget }) => setPlan(currentTarget.value as TrainingPlan)}>
            {Object.entries(trainingPlans).map(([name, { layers, width, batch }]) => (
              <option key={name} value={name}>{name}: {layers} layers of {width}, batches of {batch}</option>
            ))}
          </select>
        </label>
        <p class="actions">
          {training.isRunning ? (
            <button type="button" disabled={pausing.isRunning} onClick={() => pausing.start()}>Pause</button>
          ) : (
            <button type="button" class="main" disabled={isDone || replacing.isRunning} onClick={() => training.start()}>{step === 0 ? "Train" : "Go on"}</button>
          )}{" "}
          <button type="button" disabled={step === 0 || training.isRunning || saving.isRunning} onClick={() => saving.start()}>Save it</button>{" "}
          <button type="button" disabled={training.isRunning} onClick={() => files.current?.click()}>Load what was saved…</button>{" "}
          <button type="button" disabled={step === 0 || training.isRunning} onClick={() => replacing.start(undefined)}>Begin anew</button>
        </p>
        <input
          ref={files}
          type="file"
          accept=".safetensors"
          hidden
          onChange={({ currentTarget }) => {
            const file = currentTarget.files?.[0];
            if (file) replacing.start(file);
            currentTarget.value = "";
          }}
        />
        <Status>{statusOf({ isRunning: training.isRunning, isPausing: pausing.isRunning, stage, step, steps, rate })}</Status>
        {device !== undefined && <p role="alert">{device}</p>}
        <ErrorNote message={training.error ?? replacing.error ?? saving.error} />
        {losses.length > 1 && (
          <>
            <h3>Loss, {mean(losses).toFixed(2)} now</h3>
            <Curve label={`The loss, step by step: ${firstOf(losses).toFixed(2)} at first, ${mean(losses).toFixed(2)} now`} values={smoothed(losses)} length={steps} />
            <h3>Hidden words of names that it guesses beside their pictures, {(100 * mean(words)).toFixed(0)} % now</h3>
            <Curve label={`Hidden words guessed, step by step: ${(100 * firstOf(words)).toFixed(0)} % at first, ${(100 * mean(words)).toFixed(0)} % now`} values={smoothed(words)} length={steps} />
          </>
        )}
        {latest && (
          <p>
            Of what is hidden in the fourth designer's pictures and their names, after {latest.step} steps: {(100 * latest.words).toFixed(1)} % of words with the picture, {(100 * latest.wordsAlone).toFixed(1)} % without; {(100 * latest.patches).toFixed(1)} % of patches.
          </p>
        )}
      </section>
      <section>
        <h2>What it expects</h2>
        {glimpse ? <GlimpseView glimpse={glimpse} /> : <p>Start it, and see here what it makes of four pictures.</p>}
        <h2>Take it along</h2>
        <p>What is saved holds the model and its optimizer. The command line looks into it, and goes on with it:</p>
        <pre tabIndex={0} aria-label="How to go on with it">{commandFor(shownPlan)}</pre>
      </section>
    </div>
  );
}

function after(before: TrainingSoFar, news: TrainingNews): TrainingSoFar {
  switch (news.kind) {
    case "step":
      return { ...before, step: news.step + 1, losses: withValue(before.losses, news.step, news.loss), words: withValue(before.words, news.step, news.words) };
    case "glimpse":
      return { ...before, glimpse: news.glimpse };
    case "evaluation":
      return { ...before, evaluations: [...before.evaluations, news.evaluation] };
    default:
      return before;
  }
}

/** After a lost device, steps come again. */
function withValue(values: readonly number[], step: number, value: number): number[] {
  const all = values.slice(0, step);
  all[step] = value;
  return all;
}

interface Course {
  isRunning: boolean;
  isPausing: boolean;
  stage: string;
  step: number;
  steps: number;
  rate: number;
}

function statusOf({ isRunning, isPausing, stage, step, steps, rate }: Course): string {
  if (isPausing) return "Pausing…";
  if (!isRunning) return step === 0 ? "" : step >= steps ? `Done: ${steps} steps.` : `Paused after step ${step} of ${steps}.`;
  return stage || `Step ${step} of ${steps}${rate > 0 ? `, ${rate.toFixed(0)} pictures, texts and pairs a second` : ""}`;
}

/** Of the last steps, which differ much from one to the next. */
function mean(values: readonly number[], end = values.length): number {
  const last = values.slice(Math.max(0, end - 20), end).filter(Number.isFinite);
  return last.reduce((sum, value) => sum + value, 0) / last.length;
}

const smoothed = (values: readonly number[]): number[] => values.map((_, step) => mean(values, step + 1));

const firstOf = (values: readonly number[]): number => values.find(Number.isFinite)!;
