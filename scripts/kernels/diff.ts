/**
 * What a change does to generated code: the kernels of all ops and of a pretraining step, here and at another commit. Nothing is printed for a refactor.
 *
 *     pnpm kernels:diff main
 */
import { spawnSync } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../process.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const [, , commit] = process.argv;
if (commit === undefined) {
  console.error("usage: pnpm kernels:diff COMMIT");
  process.exit(2);
}
const scratch = await mkdtemp(join(tmpdir(), "multiway-kernels-"));
const other = join(scratch, "tree");
try {
  await run("git", ["worktree", "add", "--detach", "--quiet", other, commit], { cwd: root });
  // Today's corpus on yesterday's packages.
  await cp(join(root, "scripts/kernels"), join(other, "scripts/kernels"), { recursive: true });
  await run("npx", ["--yes", "pnpm@12", "install", "--frozen-lockfile", "--prefer-offline", "--silent"], { cwd: other });
  for (const [tree, folder] of [[other, "before"], [root, "after"]] as const) {
    await run(process.execPath, ["--conditions=@multiway/source", "--import", "tsx", "scripts/kernels/dump.ts", join(scratch, folder)], { cwd: tree });
  }
  // 1 where they differ.
  process.exitCode = spawnSync("git", ["--no-pager", "diff", "--no-index", "--stat", "--patch", "before", "after"], { cwd: scratch, stdio: "inherit" }).status ?? 2;
} finally {
  spawnSync("git", ["worktree", "remove", "--force", other], { cwd: root });
  await rm(scratch, { recursive: true, force: true });
}
