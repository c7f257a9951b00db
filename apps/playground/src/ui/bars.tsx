import type { Scored } from "../worker/protocol.ts";

/** Shares, best first, as bars. */
export const Bars = ({ label, items }: { label: string; items: readonly Scored[] }) => (
  <ol class="bars" aria-label={label}>
    {items.map(({ name, share }) => (
      <li key={name}>
        <span class="name">{name}</span>
        <meter min={0} max={1} value={share} aria-hidden="true" />
        <span class="share">{(100 * share).toFixed(1)} %</span>
      </li>
    ))}
  </ol>
);
