import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test("a second device of a process gives small programs the bits that the first gave, whatever flags its worker has set", async () => {
  const program = fileURLToPath(new URL("two-devices.samples.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=@multiway/source", "--import", "tsx", program]);
  const [first, second, ...rest] = stdout.trim().split("\n");
  expect(rest).toEqual([]);
  expect(first).toMatch(/^\d+( \d+){999}$/);
  expect(second).toBe(first);
}, 30_000);
