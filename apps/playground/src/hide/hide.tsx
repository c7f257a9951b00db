import { useEffect, useState } from "preact/hooks";
import { PatchGrid } from "../look/patch-grid.tsx";
import type { ModelClient } from "../model/client.ts";
import { allSamples } from "../samples/samples.ts";
import { Bars } from "../ui/bars.tsx";
import { ErrorNote, Status } from "../ui/note.tsx";
import { Painting } from "../ui/painting.tsx";
import { PicturePicker, type Picked } from "../ui/picture-picker.tsx";
import { useTask } from "../ui/use-task.ts";
import type { ModelInfo } from "../worker/protocol.ts";

/** Hidden words and hidden patches, guessed as in pretraining. */
export function Hide({ client, info }: { client: ModelClient; info: ModelInfo }) {
  const side = info.patchesPerSide;
  const [picked, setPicked] = useState<Picked>();
  const [text, setText] = useState("dog face");
  const [words, setWords] = useState<number[]>([]);
  const [patches, setPatches] = useState<boolean[]>(() => middle(side));
  const list = text.trim().split(/\s+/).filter(Boolean);
  const filling = useTask((signal, blob: Blob, all: string[], hidden: number[]) => client.call("words", { picture: blob, words: all, hidden }, { signal }));
  const painting = useTask((signal, blob: Blob, hidden: boolean[], said: string) => client.call("patches", { picture: blob, hidden, text: said }, { signal }));
  useEffect(() => {
    if (picked && words.length > 0) filling.start(picked.blob, list, words);
  }, [picked, words, text]);
  useEffect(() => {
    if (picked && patches.includes(true)) painting.start(picked.blob, patches, text);
  }, [picked, patches, text]);

  if (!info.abilities.includes("filler")) return <p>This model has lost the heads of pretraining. Open one that has them, such as mini.</p>;
  return (
    <div class="columns">
      <section>
        <PicturePicker label="Picture" samples={allSamples} picked={picked} onPick={setPicked} />
        <h2>Hide patches</h2>
        {picked && <PatchGrid picture={picked} side={side} hidden={patches} onChoose={(patch) => setPatches(patches.map((is, index) => (index === patch ? !is : is)))} label="Patches: choose those to hide" />}
        <p class="hint">
          <button type="button" onClick={() => setPatches(patches.map(() => false))}>Show all</button> <button type="button" onClick={() => setPatches(middle(side))}>Hide the middle</button>
        </p>
      </section>
      <section>
        <h2>Hide words</h2>
        <label>
          A text about it
          <input
            type="text"
            value={text}
            onChange={({ currentTarget }) => {
              setText(currentTarget.value);
              setWords([]);
            }}
          />
        </label>
        <div class="words" role="group" aria-label="Words: choose those to hide">
          {list.map((word, place) => (
            <button key={place} type="button" aria-pressed={words.includes(place)} onClick={() => setWords(words.includes(place) ? words.filter((one) => one !== place) : [...words, place].sort((a, b) => a - b))}>
              {words.includes(place) ? "•••" : word}
            </button>
          ))}
        </div>
        <Status>{filling.isRunning ? "Guessing…" : ""}</Status>
        {words.length > 0 &&
          filling.result?.map(({ place, withPicture, textAlone }) => (
            <div key={place} class="guess">
              <h3>Word {place + 1}, with the picture</h3>
              <Bars label={`Guesses for word ${place + 1} with the picture`} items={withPicture} />
              <h3>From the text alone</h3>
              <Bars label={`Guesses for word ${place + 1} without the picture`} items={textAlone} />
            </div>
          ))}
        <ErrorNote message={filling.error} />
        <h2>What it expects to see</h2>
        {painting.result && (
          <>
            <Painting pixels={painting.result.image} shows="The picture with the hidden patches as the model expects them" />
            <p>
              {painting.result.right} of {painting.result.hidden} hidden patches have the visual token that it expects most.
            </p>
          </>
        )}
        <ErrorNote message={painting.error} />
      </section>
    </div>
  );
}

/** The patches of the inner half, hidden. */
const middle = (side: number): boolean[] => Array.from({ length: side * side }, (_, patch) => [Math.floor(patch / side), patch % side].every((at) => at >= side / 4 && at < side - side / 4));
