import { useEffect, useRef, useState } from "preact/hooks";
import { addressOf, fetchSample, type Sample } from "../samples/samples.ts";
import { Camera } from "./camera.tsx";
import { ErrorNote } from "./note.tsx";

export interface Picked {
  blob: Blob;
  /** For `img`. */
  address: string;
  shows: string;
}

export interface PicturePickerProps {
  label: string;
  samples: readonly Sample[];
  picked: Picked | undefined;
  onPick: (picked: Picked) => void;
}

/** A picture from a file, the clipboard, the camera, or the samples. */
export function PicturePicker({ label, samples, picked, onPick }: PicturePickerProps) {
  const [error, setError] = useState<string>();
  const [isOver, setIsOver] = useState(false);
  const [isCameraOpen, setIsCameraOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);

  const take = (blob: Blob | null | undefined, shows: string): void => {
    if (!blob) return;
    if (!blob.type.startsWith("image/")) return setError(`${shows} is no picture (${blob.type || "unknown type"}). Choose a PNG, JPEG, WebP, GIF or AVIF file.`);
    setError(undefined);
    onPick({ blob, address: URL.createObjectURL(blob), shows });
  };
  const takeSample = (sample: Sample): void => {
    fetchSample(sample).then((blob) => take(blob, sample.shows), (reason: unknown) => setError((reason as Error).message));
  };
  useEffect(() => {
    const [first] = samples;
    if (!picked && first) takeSample(first);
  }, []);
  useEffect(() => {
    const paste = (event: ClipboardEvent): void => take([...(event.clipboardData?.files ?? [])][0], "the pasted picture");
    document.addEventListener("paste", paste);
    return () => document.removeEventListener("paste", paste);
  });

  return (
    <fieldset
      class={isOver ? "picker over" : "picker"}
      onDragOver={(event) => {
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setIsOver(false);
        const file = event.dataTransfer?.files[0];
        take(file, file?.name ?? "what was dropped");
      }}
    >
      <legend>{label}</legend>
      <div class="samples" role="group" aria-label="Samples">
        {samples.map((sample) => (
          <button key={sample.file} type="button" class="sample" aria-pressed={picked?.shows === sample.shows} onClick={() => takeSample(sample)}>
            <img src={addressOf(sample)} alt={sample.shows} width={44} height={44} loading="lazy" />
          </button>
        ))}
      </div>
      <p class="hint">
        <button type="button" onClick={() => input.current?.click()}>Your own picture…</button> <button type="button" aria-pressed={isCameraOpen} onClick={() => setIsCameraOpen(!isCameraOpen)}>Photograph…</button> or drop or paste one here. It stays on this machine.
      </p>
      <input
        ref={input}
        type="file"
        accept="image/*"
        hidden
        onChange={({ currentTarget }) => {
          const file = currentTarget.files?.[0];
          take(file, file?.name ?? "the file");
          currentTarget.value = "";
        }}
      />
      {isCameraOpen && (
        <Camera
          onTake={(photograph) => {
            take(photograph, photograph.name);
            setIsCameraOpen(false);
          }}
          onClose={() => setIsCameraOpen(false)}
        />
      )}
      <ErrorNote message={error} />
    </fieldset>
  );
}
