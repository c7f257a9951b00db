/**
 * A process of its own that reads a checkpoint and says what that took:
 *
 *     node --conditions=@multiway/source --import tsx read-large.samples.ts FILE stream|wasm|none
 */
import { readFileSync } from "node:fs";
import { resourceUsage } from "node:process";
import { openDevice } from "@multiway/tensor";
import { wasm } from "@multiway/wasm";
import { loadCheckpoint, openCheckpoint } from "./index.ts";

const [, , path, way] = process.argv;
const device = await openDevice(wasm({ threads: 1 }));
await device.tensor([1]).data();
let tensorCount = 0;
if (way === "wasm") {
  const tensors = await loadCheckpoint(path!, { device });
  tensorCount = Object.keys(tensors).length;
  await device.synchronize();
} else if (way === "stream") {
  await using reader = await openCheckpoint(path!);
  for (const name of reader.entries.keys()) tensorCount += (await reader.read(name)).elements.length > 0 ? 1 : 0;
}
// Kibibytes. On Linux `maxRSS` counts what the process was before it became this program.
const own = process.platform === "linux" ? /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))?.[1] : undefined;
console.log(JSON.stringify({ peakBytes: Number(own ?? resourceUsage().maxRSS) * 1024, tensorCount }));
await device.close();
