import { Painting } from "../ui/painting.tsx";
import type { Glimpse } from "../worker/protocol.ts";

/** What a model in training expects where something is hidden. */
export const GlimpseView = ({ glimpse: { step, examples } }: { glimpse: Glimpse }) => (
  <>
    <p class="hint">{step === 0 ? "Before the first step" : `After step ${step}`}: what it sees, what it expects to be under the grey, and the last word of the name.</p>
    <ul class="glimpse" aria-label="Pictures and names with something hidden">
      {examples.map(({ words, guess, share, picture, hidden, painted }, index) => (
        <li key={index}>
          <Painting pixels={picture} hidden={hidden} shows="A picture with covered patches" />
          <Painting pixels={painted} shows="The same with what the model expects there" />
          <span>
            {words} <mark>{guess || "?"}</mark> <span class="share">{(100 * share).toFixed(0)} %</span>
          </span>
        </li>
      ))}
    </ul>
  </>
);
