import { useEffect, useState } from "preact/hooks";
import { Ask } from "./ask/ask.tsx";
import { Hide } from "./hide/hide.tsx";
import { Teach } from "./teach/teach.tsx";
import { Train } from "./train/train.tsx";
import { Look } from "./look/look.tsx";
import { ModelBar } from "./model/model-bar.tsx";
import type { ModelClient } from "./model/client.ts";
import { useTask } from "./ui/use-task.ts";
import type { DeviceChoice, ModelInfo, ModelPlace } from "./worker/protocol.ts";

const rooms = { look: { title: "Look", View: Look }, ask: { title: "Ask", View: Ask }, hide: { title: "Hide", View: Hide }, train: { title: "Train", View: Train }, teach: { title: "Teach", View: Teach } } as const;
type Room = keyof typeof rooms;

const roomInAddress = (): Room => {
  const name = location.hash.slice(1);
  return Object.hasOwn(rooms, name) ? (name as Room) : "look";
};

/** The whole page. */
export function App({ client }: { client: ModelClient }) {
  const [room, setRoom] = useState(roomInAddress);
  const [device, setDevice] = useState<DeviceChoice>(deviceInAddress);
  const [place, setPlace] = useState<ModelPlace>("mini");
  const [loaded, setLoaded] = useState<number>();
  const [lost, setLost] = useState<string>();
  const [info, setInfo] = useState<ModelInfo>();
  const measuring = useTask((signal) => client.call("measure", {}, { signal }));
  const opening = useTask(async (signal, wanted: DeviceChoice, from: ModelPlace) => {
    setLoaded(0);
    try {
      const opened = await client.call("open", { device: wanted, place: from }, { signal, onProgress: ({ loadedBytes, totalBytes }) => setLoaded(loadedBytes / Math.max(1, totalBytes)) });
      setInfo(opened);
      measuring.start();
      return opened;
    } finally {
      setLoaded(undefined);
    }
  });
  useEffect(() => opening.start(device, place), [device, place]);
  useEffect(() => {
    client.onLost = (reason) => {
      setLost(`The device was lost (${reason}); the model is opened anew.`);
      opening.start(device, place);
    };
  }, [device, place]);
  useEffect(() => {
    const follow = (): void => setRoom(roomInAddress());
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);

  const { View } = rooms[room];
  return (
    <>
      <header>
        <h1>Multiway</h1>
        <nav aria-label="Rooms">
          {(Object.keys(rooms) as Room[]).map((name) => (
            <a key={name} href={`#${name}`} aria-current={name === room ? "page" : undefined}>
              {rooms[name].title}
            </a>
          ))}
        </nav>
      </header>
      <ModelBar info={info} speed={measuring.isRunning ? undefined : measuring.result} loaded={loaded} error={opening.error} device={device} onDevice={setDevice} onOpen={setPlace} />
      {lost !== undefined && <p role="alert">{lost}</p>}
      <main>{info && <View key={`${room} ${info.name}`} client={client} info={info} />}</main>
      <footer>
        Pictures and texts stay on this machine. <a href="samples/CREDITS.md">Where the samples come from</a>
      </footer>
    </>
  );
}

/** `?device=wasm` */
function deviceInAddress(): DeviceChoice {
  const given = new URLSearchParams(location.search).get("device");
  return given === "wasm" || given === "webgpu" ? given : "auto";
}
