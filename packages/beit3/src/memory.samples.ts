import { openCheckpoint } from "@multiway/checkpoint";
import { openDevice } from "@multiway/tensor";
import { loadOfficial, MultiwayTransformer } from "@multiway/transformer";
import { wasm } from "@multiway/wasm";
import { beit3Base } from "./index.ts";

/**
 * A program of its own: loads the base model from the file that it is given, encodes one picture, and prints the most memory that the process ever had.
 *
 * Run with `--expose-gc`: garbage is collected before each tensor, so that what is measured is what is needed, and not what the collector felt like.
 */
const device = await openDevice(wasm());
const model = new MultiwayTransformer(beit3Base());
await using reader = await openCheckpoint(process.argv[2]!);
const tidy = {
  name: reader.name,
  entries: reader.entries,
  read: (name: string) => {
    (globalThis as { gc?: () => void }).gc!();
    return reader.read(name);
  },
};
await loadOfficial(model, tidy as typeof reader, { device, strict: true });
const { vision } = model.encodeVision(device.full([1, 3, 224, 224], 0.5));
const isFinite = (await vision.data()).every(Number.isFinite);
console.log(JSON.stringify({ peakBytes: 1024 * process.resourceUsage().maxRSS, weightBytes: 4 * model.countParameters(), shape: vision.shape, isFinite }));
await device.close();
