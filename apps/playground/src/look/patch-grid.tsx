import type { Picked } from "../ui/picture-picker.tsx";

export interface PatchGridProps {
  picture: Picked;
  /** Patches each way. */
  side: number;
  /** How much of each patch is shown, row by row: from the least to the greatest. */
  shares?: Float32Array | undefined;
  hidden?: readonly boolean[] | undefined;
  chosen?: number | undefined;
  onChoose: (patch: number) => void;
  label: string;
}

/** A picture as the model reads it, square and in patches; arrow keys go from patch to patch. */
export function PatchGrid({ picture, side, shares, hidden, chosen, onChoose, label }: PatchGridProps) {
  const least = shares ? Math.min(...shares) : 0;
  const range = shares ? Math.max(Math.max(...shares) - least, 1e-9) : 1;
  const move = (event: KeyboardEvent, patch: number): void => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -side, ArrowDown: side }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = (event.currentTarget as HTMLElement).parentElement?.querySelector<HTMLElement>(`[data-patch="${patch + step}"]`);
    next?.focus();
  };
  return (
    <div class="grid" role="group" aria-label={label} style={{ "--side": String(side) }}>
      <img src={picture.address} alt={picture.shows} />
      {Array.from({ length: side * side }, (_, patch) => (
        <button
          key={patch}
          type="button"
          data-patch={patch}
          // One stop for the tab key; the arrows do the rest.
          tabIndex={patch === (chosen ?? 0) ? 0 : -1}
          class={hidden?.[patch] ? "patch hidden" : "patch"}
          aria-pressed={hidden ? hidden[patch] === true : chosen === patch}
          aria-label={`row ${Math.floor(patch / side) + 1}, column ${(patch % side) + 1}`}
          style={shares && { "--share": String((shares[patch]! - least) / range) }}
          onClick={() => onChoose(patch)}
          onKeyDown={(event) => move(event, patch)}
        />
      ))}
    </div>
  );
}
