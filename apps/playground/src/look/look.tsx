import { useEffect, useState } from "preact/hooks";
import type { ModelClient } from "../model/client.ts";
import { allSamples } from "../samples/samples.ts";
import { Bars } from "../ui/bars.tsx";
import { ErrorNote, Status } from "../ui/note.tsx";
import { PicturePicker, type Picked } from "../ui/picture-picker.tsx";
import { useTask } from "../ui/use-task.ts";
import type { ModelInfo } from "../worker/protocol.ts";
import { lookOf, type Query } from "./attention.ts";
import { PatchGrid } from "./patch-grid.tsx";

const firstNames = "dog face\ncat face\npizza\nsailboat\nsunflower\nred heart\nbicycle\nsnowman\nbanana\nlocomotive\noctopus\numbrella";

/** Where the model looks, and what it would call the picture. */
export function Look({ client, info }: { client: ModelClient; info: ModelInfo }) {
  const [picked, setPicked] = useState<Picked>();
  const [text, setText] = useState("");
  const [names, setNames] = useState(firstNames);
  const [layer, setLayer] = useState(info.layers - 1);
  const [head, setHead] = useState<number>();
  const [query, setQuery] = useState<Query>({ kind: "class" });
  const attention = useTask((signal, blob: Blob, words: string) => client.call("attend", { picture: blob, text: words }, { signal }));
  const naming = useTask((signal, blob: Blob, list: string) => client.call("name", { picture: blob, names: list.split("\n").map((name) => name.trim()).filter(Boolean) }, { signal }));
  const canName = info.abilities.includes("zeroShot");

  useEffect(() => {
    if (!picked) return;
    setQuery({ kind: "class" });
    attention.start(picked.blob, text);
  }, [picked, text]);
  useEffect(() => {
    if (picked && canName && names.trim() !== "") naming.start(picked.blob, names);
  }, [picked, names]);

  const maps = attention.result;
  const looked = maps && (query.kind !== "word" || maps.language) ? lookOf(maps, layer, head, query) : undefined;
  const most = looked ? Math.max(...looked.words, 1e-9) : 1;
  return (
    <div class="columns">
      <section>
        <PicturePicker label="Picture" samples={allSamples} picked={picked} onPick={setPicked} />
        {picked && <PatchGrid picture={picked} side={info.patchesPerSide} shares={looked?.patches} chosen={query.kind === "patch" ? query.patch : undefined} onChoose={(patch) => setQuery({ kind: "patch", patch })} label="Patches: choose one to see where it looks" />}
        <label>
          A text beside it (optional)
          <input type="text" value={text} placeholder="a dog face" onChange={({ currentTarget }) => setText(currentTarget.value)} />
        </label>
        {maps && maps.words.length > 0 && (
          <div class="words" role="group" aria-label="Words: choose one to see where it looks">
            {maps.words.map((word, place) => (
              <button key={place} type="button" aria-pressed={query.kind === "word" && query.word === place} style={{ "--share": String((looked?.words[place] ?? 0) / most) }} onClick={() => setQuery({ kind: "word", word: place })}>
                {word}
              </button>
            ))}
          </div>
        )}
        <ErrorNote message={attention.error} />
      </section>
      <section>
        <h2>Where it looks</h2>
        <button type="button" aria-pressed={query.kind === "class"} onClick={() => setQuery({ kind: "class" })}>
          The class token
        </button>
        <label>
          Layer {layer + 1} of {info.layers}
          <input type="range" min={0} max={info.layers - 1} value={layer} onInput={({ currentTarget }) => setLayer(Number(currentTarget.value))} />
        </label>
        <label>
          Head
          <select value={head ?? ""} onChange={({ currentTarget }) => setHead(currentTarget.value === "" ? undefined : Number(currentTarget.value))}>
            <option value="">all, on average</option>
            {Array.from({ length: info.heads }, (_, index) => <option key={index} value={index}>{index + 1}</option>)}
          </select>
        </label>
        <Status>{attention.isRunning ? "Looking…" : ""}</Status>
        <h2>What it would call it</h2>
        {canName ? (
          <>
            <label>
              Names, one in each line
              <textarea rows={5} value={names} onChange={({ currentTarget }) => setNames(currentTarget.value)} />
            </label>
            {naming.result && <Bars label="Names, nearest first" items={naming.result.slice(0, 6)} />}
            <ErrorNote message={naming.error} />
          </>
        ) : (
          <p>This model has no common space of pictures and texts. Open one for retrieval, such as mini.</p>
        )}
      </section>
    </div>
  );
}
