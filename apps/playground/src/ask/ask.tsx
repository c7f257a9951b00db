import { useState } from "preact/hooks";
import type { ModelClient } from "../model/client.ts";
import { allSamples, boxPairs, emojiSamples, fetchSample, addressOf } from "../samples/samples.ts";
import { Bars } from "../ui/bars.tsx";
import { ErrorNote, Status } from "../ui/note.tsx";
import { PicturePicker, type Picked } from "../ui/picture-picker.tsx";
import { useTask } from "../ui/use-task.ts";
import type { ModelInfo } from "../worker/protocol.ts";

/** Questions, captions, sentences about two pictures, and search. */
export function Ask({ client, info }: { client: ModelClient; info: ModelInfo }) {
  const can = (ability: string): boolean => info.abilities.includes(ability);
  return (
    <div class="columns">
      {can("vqa") || can("captioner") ? <About client={client} can={can} /> : <Missing what="answers questions or writes captions" />}
      <section>
        {can("reasoner") ? <Judge client={client} /> : <Missing what="judges sentences" />}
        {can("retriever") ? <Search client={client} /> : <Missing what="searches" />}
      </section>
    </div>
  );
}

const Missing = ({ what }: { what: string }) => <p>This model has no head that {what}. Open one that has, such as mini.</p>;

const boxes = boxPairs.map(({ left }) => left);

function About({ client, can }: { client: ModelClient; can: (ability: string) => boolean }) {
  const [picked, setPicked] = useState<Picked>();
  const [question, setQuestion] = useState("how many things are in the left box?");
  const [begun, setBegun] = useState("");
  const asking = useTask((signal, blob: Blob, asked: string) => client.call("ask", { picture: blob, question: asked }, { signal }));
  const captioning = useTask((signal, blob: Blob) => client.call("caption", { picture: blob }, { signal, onProgress: setBegun }));
  return (
    <section>
      <PicturePicker label="Picture" samples={[...boxes, ...allSamples.filter((sample) => !boxes.includes(sample))]} picked={picked} onPick={setPicked} />
      {picked && <img class="shown" src={picked.address} alt={picked.shows} />}
      {can("vqa") && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (picked) asking.start(picked.blob, question);
          }}
        >
          <label>
            A question about it
            <input type="text" value={question} onInput={({ currentTarget }) => setQuestion(currentTarget.value)} />
          </label>
          <button disabled={!picked || question.trim() === ""}>Ask</button>
          <Status>{asking.isRunning ? "Thinking…" : ""}</Status>
          {asking.result && <Bars label="Answers, best first" items={asking.result} />}
          <ErrorNote message={asking.error} />
        </form>
      )}
      {can("captioner") && (
        <>
          <button
            type="button"
            disabled={!picked}
            onClick={() => {
              setBegun("");
              if (picked) captioning.start(picked.blob);
            }}
          >
            Describe it
          </button>
          <p class="caption" aria-live="polite">{captioning.isRunning ? begun : (captioning.result ?? "")}</p>
          <ErrorNote message={captioning.error} />
        </>
      )}
    </section>
  );
}

function Judge({ client }: { client: ModelClient }) {
  const [pair, setPair] = useState(0);
  const { left, right, sentence: first } = boxPairs[pair]!;
  const [sentence, setSentence] = useState(first);
  const judging = useTask(async (signal, said: string) => {
    const [one, other] = await Promise.all([fetchSample(left), fetchSample(right)]);
    return await client.call("judge", { left: one, right: other, sentence: said }, { signal });
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        judging.start(sentence);
      }}
    >
      <h2>True of both?</h2>
      <div class="pair">
        <img src={addressOf(left)} alt={left.shows} />
        <img src={addressOf(right)} alt={right.shows} />
      </div>
      <label>
        Pictures
        <select
          value={pair}
          onChange={({ currentTarget }) => {
            setPair(Number(currentTarget.value));
            setSentence(boxPairs[Number(currentTarget.value)]!.sentence);
          }}
        >
          {boxPairs.map((_, index) => <option key={index} value={index}>Boxes {index + 1}</option>)}
        </select>
      </label>
      <label>
        A sentence about them
        <input type="text" value={sentence} onInput={({ currentTarget }) => setSentence(currentTarget.value)} />
      </label>
      <button disabled={sentence.trim() === ""}>Judge</button>
      <Status>{judging.isRunning ? "Comparing…" : judging.result ? `${judging.result.isTrue ? "True" : "False"}: ${(100 * Math.max(judging.result.probability, 1 - judging.result.probability)).toFixed(0)} % sure.` : ""}</Status>
      <ErrorNote message={judging.error} />
    </form>
  );
}

function Search({ client }: { client: ModelClient }) {
  const [words, setWords] = useState("sailboat");
  const searching = useTask(async (signal, query: string | Blob) => {
    const pictures = await Promise.all(emojiSamples.map(fetchSample));
    return await client.call("search", { pictures, query }, { signal });
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        searching.start(words);
      }}
    >
      <h2>Search</h2>
      <label>
        What to look for among the samples
        <input type="text" value={words} onInput={({ currentTarget }) => setWords(currentTarget.value)} />
      </label>
      <button disabled={words.trim() === ""}>Search</button>
      <Status>{searching.isRunning ? "Searching…" : ""}</Status>
      {searching.result && (
        <ol class="found" aria-label="Found, best first">
          {searching.result.slice(0, 6).map(({ index, score }) => (
            <li key={index}>
              <button type="button" onClick={() => void fetchSample(emojiSamples[index]!).then((blob) => searching.start(blob))}>
                <img src={addressOf(emojiSamples[index]!)} alt={emojiSamples[index]!.shows} width={64} height={64} />
              </button>
              {score.toFixed(2)}
            </li>
          ))}
        </ol>
      )}
      <ErrorNote message={searching.error} />
    </form>
  );
}
