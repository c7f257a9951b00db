import { writeFile } from "node:fs/promises";
import { generatedFiles } from "./bundle-worker.ts";

for (const [path, text] of Object.entries(await generatedFiles())) await writeFile(new URL(`../src/${path}`, import.meta.url), text);
