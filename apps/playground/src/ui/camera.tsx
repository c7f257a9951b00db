import { useEffect, useRef, useState } from "preact/hooks";
import { ErrorNote } from "./note.tsx";

/** What the camera sees, and a button that keeps it. */
export function Camera({ onTake, onClose }: { onTake: (photograph: File) => void; onClose: () => void }) {
  const video = useRef<HTMLVideoElement>(null);
  const [error, setError] = useState<string>();
  const [isReady, setIsReady] = useState(false);
  useEffect(() => {
    let stream: MediaStream | undefined;
    let isGone = false;
    const stop = (): void => stream?.getTracks().forEach((track) => track.stop());
    openCamera().then(
      (opened) => {
        stream = opened;
        if (isGone) return stop();
        video.current!.srcObject = opened;
      },
      (reason: unknown) => setError((reason as Error).message),
    );
    return () => {
      isGone = true;
      stop();
    };
  }, []);
  return (
    <div class="camera">
      <video ref={video} autoPlay muted playsInline aria-label="What the camera sees" onLoadedData={() => setIsReady(true)} />
      <button type="button" disabled={!isReady} onClick={() => void photograph(video.current!).then(onTake)}>Take it</button> <button type="button" onClick={onClose}>Close the camera</button>
      <ErrorNote message={error} />
    </div>
  );
}

/** @throws Error with a remedy */
async function openCamera(): Promise<MediaStream> {
  // Pages that are not secure have none.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (!devices) throw new Error("This page has no camera: it was not loaded over https. Choose a file.");
  try {
    return await devices.getUserMedia({ video: { facingMode: "environment" } });
  } catch (cause) {
    const { name } = cause as DOMException;
    const reason = { NotAllowedError: "The camera may not be used by this page. Allow it in the browser's settings", NotFoundError: "No camera was found" }[name] ?? `The camera gives nothing (${name}). Another program may have it`;
    throw new Error(`${reason}, or choose a file.`, { cause });
  }
}

let count = 0;

async function photograph(video: HTMLVideoElement): Promise<File> {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: video.videoWidth, height: video.videoHeight });
  canvas.getContext("2d")!.drawImage(video, 0, 0);
  const blob = await new Promise<Blob>((resolve) => canvas.toBlob((made) => resolve(made!), "image/png"));
  return new File([blob], `photograph ${++count}`, { type: blob.type });
}
