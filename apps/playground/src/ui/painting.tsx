import { useEffect, useRef } from "preact/hooks";
import type { Pixels } from "../worker/protocol.ts";

export interface PaintingProps {
  pixels: Pixels;
  /** For those who cannot see it. */
  shows: string;
  /** Patches that are covered, row by row. */
  hidden?: readonly boolean[];
}

/** Pixels as a picture. */
export function Painting({ pixels, shows, hidden }: PaintingProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    context.putImageData(new ImageData(new Uint8ClampedArray(pixels.data), pixels.width, pixels.height), 0, 0);
    const side = Math.sqrt(hidden?.length ?? 0);
    context.fillStyle = "#75777f";
    hidden?.forEach((isHidden, patch) => isHidden && context.fillRect(((patch % side) * pixels.width) / side, (Math.floor(patch / side) * pixels.height) / side, pixels.width / side, pixels.height / side));
  }, [pixels, hidden]);
  return <canvas ref={canvas} class="painting" width={pixels.width} height={pixels.height} role="img" aria-label={shows} />;
}
