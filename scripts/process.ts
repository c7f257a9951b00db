import { spawn, type SpawnOptions } from "node:child_process";

/**
 * Runs a program to its end.
 *
 * @returns  what it wrote to standard output
 * @throws   Error with all that it wrote, when it exits with another code than 0
 */
export async function run(program: string, args: readonly string[], options: SpawnOptions = {}): Promise<string> {
  // npm and pnpm are scripts on Windows, which only a shell starts.
  const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"], shell: process.platform === "win32" && program !== process.execPath });
  let output = "";
  let errors = "";
  child.stdout!.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr!.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0) throw new Error(`${[program, ...args].join(" ")} ended with ${code}:\n${output}${errors}`);
  return output;
}

/** Runs `work` on every item, at most `width` at a time, in order of start. */
export async function inParallel<T>(width: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  await Promise.all(
    Array.from({ length: Math.min(width, queue.length) }, async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
    }),
  );
}
