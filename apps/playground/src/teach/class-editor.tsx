import { useRef, useState } from "preact/hooks";
import { Camera } from "../ui/camera.tsx";
import { droppedFiles } from "../ui/dropped-files.ts";
import { ErrorNote } from "../ui/note.tsx";
import type { Picked } from "../ui/picture-picker.tsx";

export interface TaughtClass {
  id: number;
  name: string;
  pictures: Picked[];
}

export interface ClassEditorProps {
  taught: TaughtClass;
  canRemove: boolean;
  onChange: (changed: TaughtClass) => void;
  onRemove: () => void;
}

/** A class's name and its pictures. */
export function ClassEditor({ taught, canRemove, onChange, onRemove }: ClassEditorProps) {
  const { name, pictures } = taught;
  const [error, setError] = useState<string>();
  const [isCameraOpen, setIsCameraOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const add = (files: readonly File[]): void => {
    const good = files.filter(({ type }) => type.startsWith("image/"));
    const bad = files.length - good.length;
    setError(bad > 0 ? `${bad} of ${files.length} files ${bad === 1 ? "is no picture" : "are no pictures"} and ${bad === 1 ? "was" : "were"} left out.` : undefined);
    if (good.length > 0) onChange({ ...taught, pictures: [...pictures, ...good.map((blob) => ({ blob, shows: blob.name, address: URL.createObjectURL(blob) }))] });
  };
  return (
    <fieldset
      class="picker"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        void droppedFiles(event.dataTransfer).then(add);
      }}
    >
      <legend>{name || "a class without a name"}</legend>
      <label>
        Name
        <input type="text" value={name} onInput={({ currentTarget }) => onChange({ ...taught, name: currentTarget.value })} />
      </label>
      <div class="samples" role="group" aria-label={`Pictures of ${name}`}>
        {pictures.map((picture, place) => (
          <button key={picture.address} type="button" class="sample" aria-label={`Remove ${picture.shows}`} onClick={() => onChange({ ...taught, pictures: pictures.filter((_, at) => at !== place) })}>
            <img src={picture.address} alt={picture.shows} width={44} height={44} />
          </button>
        ))}
      </div>
      <p class="hint">
        <button type="button" onClick={() => input.current?.click()}>Add pictures…</button> <button type="button" aria-pressed={isCameraOpen} onClick={() => setIsCameraOpen(!isCameraOpen)}>Photograph…</button> or drop them here, or a folder of them. {canRemove && <button type="button" onClick={onRemove}>Remove this class</button>}
      </p>
      <input
        ref={input}
        type="file"
        accept="image/*"
        multiple
        hidden
        onChange={({ currentTarget }) => {
          add([...(currentTarget.files ?? [])]);
          currentTarget.value = "";
        }}
      />
      {isCameraOpen && <Camera onTake={(photograph) => add([photograph])} onClose={() => setIsCameraOpen(false)} />}
      <ErrorNote message={error} />
    </fieldset>
  );
}
