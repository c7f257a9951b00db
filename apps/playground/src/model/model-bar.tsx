import { useRef } from "preact/hooks";
import { ErrorNote, Status } from "../ui/note.tsx";
import type { DeviceChoice, ModelInfo, ModelPlace } from "../worker/protocol.ts";

export interface ModelBarProps {
  info: ModelInfo | undefined;
  /** Billions of operations a second, when it has been measured. */
  speed: number | undefined;
  /** 0 to 1, while a model is loaded. */
  loaded: number | undefined;
  error: string | undefined;
  device: DeviceChoice;
  onDevice: (device: DeviceChoice) => void;
  onOpen: (place: ModelPlace) => void;
}

/** Which model is open and where it runs, and the way to others. */
export function ModelBar({ info, speed, loaded, error, device, onDevice, onOpen }: ModelBarProps) {
  const files = useRef<HTMLInputElement>(null);
  return (
    <section class="model-bar" aria-label="Model">
      <Status>{loaded !== undefined ? `Opening the model: ${Math.round(100 * loaded)} %` : info ? `${info.name}: ${(info.parameters / 1e6).toFixed(1)} million parameters. ${info.description}. Ready in ${(info.openedIn / 1000).toFixed(1)} s${speed === undefined ? "" : `; ${speed < 10 ? speed.toFixed(1) : speed.toFixed(0)} billion operations a second`}.` : ""}</Status>
      <label>
        Runs on
        <select value={device} onChange={({ currentTarget }) => onDevice(currentTarget.value as DeviceChoice)}>
          <option value="auto">the best there is</option>
          <option value="webgpu">the GPU</option>
          <option value="wasm">the CPU</option>
        </select>
      </label>
      <Advice info={info} />
      <details>
        <summary>Another model</summary>
        <div class="ways">
      <button type="button" onClick={() => onOpen("mini")}>The model that comes along</button>
      <button type="button" onClick={() => files.current?.click()}>A checkpoint, or the files of a model folder…</button>
      <input
        ref={files}
        type="file"
        multiple
        hidden
        onChange={({ currentTarget }) => {
          const chosen = [...(currentTarget.files ?? [])];
          if (chosen.length > 0) onOpen({ files: chosen });
          currentTarget.value = "";
        }}
      />
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const address = new FormData(event.currentTarget).get("address");
          if (typeof address === "string" && address.trim() !== "") onOpen({ address: address.trim() });
        }}
      >
        <label>
          or its address
          <input name="address" type="url" placeholder="https://…" />
        </label>
        <button>Open</button>
      </form>
        </div>
      </details>
      <ErrorNote message={error} />
    </section>
  );
}

/** What would make it faster. */
function Advice({ info }: { info: ModelInfo | undefined }) {
  if (!info || info.device !== "wasm") return null;
  if (!crossOriginIsolated) return <p class="hint">This page runs on one thread of the CPU. Served with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp it would use all.</p>;
  return "gpu" in navigator ? null : <p class="hint">This browser has no WebGPU; one that has it may be faster.</p>;
}
