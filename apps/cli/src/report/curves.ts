import type { Curve, DemoResult } from "../demo/result.ts";
import { spaced } from "../progress/format.ts";
import { lineChart, type Series } from "./chart.ts";
import { percent } from "./figures.ts";
import { html, type Html } from "./html.ts";

/** How losses fell, stage by stage. */
export function curves({ losses }: DemoResult): Html {
  const { pretraining, retrieval, fromScratch } = losses;
  const parts = withEnding(pretraining, "Loss");
  const accuracies = withEnding(pretraining, "Accuracy");
  return html`<div class="charts">
${lineChart({ title: "Pretraining: the one loss", unit: "cross-entropy over all hidden places, nats", series: [{ label: "loss", x: pretraining.steps, y: pretraining.loss }] })}
${parts.length > 0 && lineChart({ title: "Pretraining: its parts", unit: "cross-entropy, nats", series: parts })}
${accuracies.length > 0 && lineChart({ title: "Pretraining: hidden places filled in right", unit: "share of hidden places, in training", series: accuracies, format: wholePercent })}
${lineChart({ title: "Retrieval: the contrastive loss", unit: "cross-entropy, nats", series: [{ label: "loss", x: retrieval.steps, y: retrieval.loss }] })}
${fromScratch && lineChart({ title: "From scratch: the contrastive loss", unit: "cross-entropy, nats", series: [{ label: "loss", x: fromScratch.steps, y: fromScratch.loss }] })}
</div>`;
}

function withEnding({ steps, figures }: Curve, ending: string): Series[] {
  return Object.entries(figures)
    .filter(([name]) => name.endsWith(ending))
    .map(([name, y]) => {
      const part = name.slice(0, -ending.length);
      return { label: partNames[part] ?? spaced(part), x: steps, y };
    });
}

/** By the names that the pretraining task gives them. */
const partNames: Readonly<Record<string, string>> = {
  image: "patches of pictures",
  text: "words of texts",
  pairImage: "patches of pairs",
  pairText: "words of pairs",
};

const wholePercent = (share: number): string => percent(share).replace(".0", "");
