import { writeFile } from "node:fs/promises";
import { workerSourceFile } from "./bundle-worker.ts";

await writeFile(new URL("../src/worker/worker-source.ts", import.meta.url), await workerSourceFile());
