import { fileURLToPath } from "node:url";
import { vi } from "vitest";
import { runCli } from "../run-cli.ts";

/** The example data of the guide. */
export const exampleData = fileURLToPath(new URL("../../data/fine-tuning", import.meta.url));

/** A model that takes milliseconds to a step. */
export const smallest = ["--new", "tiny", "--image-size", "16", "--patch-size", "8", "--layers", "1", "--width", "32", "--heads", "2", "--batch", "8"];

/** The command line in this process: its exit code and what it said. */
export async function multiway(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const said = { stdout: "", stderr: "" };
  const watch = (name: "stdout" | "stderr") =>
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      said[name] += String(text);
      return true;
    });
  const spies = [watch("stdout"), watch("stderr")];
  try {
    return { code: await runCli(args), ...said };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
