/**
 * What reading a large checkpoint takes at its peak, in processes of their own:
 *
 *     pnpm exec tsx --conditions=@multiway/source scripts/checkpoint-memory.ts [MEGABYTES]       default: 900
 */
import { rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { saveLarge } from "../packages/checkpoint/src/large-checkpoint.samples.ts";
import { readInChild } from "../packages/checkpoint/src/read-in-child.samples.ts";

const megabytes = Number(process.argv[2] ?? 900);
if (!(megabytes > 0)) throw new Error(`checkpoint-memory: ${process.argv[2]} is no number of megabytes.`);
const ways = { none: "nothing read", stream: "tensor by tensor", wasm: "all onto the CPU device" } as const;
for (const end of ["safetensors", "pth"]) {
  const path = join(tmpdir(), `multiway-memory-${process.pid}.${end}`);
  try {
    await saveLarge(path, megabytes * 1e6);
    const { size } = await stat(path);
    for (const [way, name] of Object.entries(ways)) {
      const { peakBytes } = await readInChild(path, way as keyof typeof ways);
      console.log(`${end.padEnd(11)}  ${(size / 1e6).toFixed(0)} MB  ${name.padEnd(24)} peak ${(peakBytes / 1e6).toFixed(0).padStart(5)} MB, ${(peakBytes / size).toFixed(2)} of its size`);
    }
  } finally {
    await rm(path, { force: true });
  }
}
