/**
 * Holds the workspace to its layout: floors, cycles, the outside, dependencies, package.json, READMEs and file lengths.
 *
 *     tsx scripts/check-floors.ts
 */
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { checkManifest } from "./floors/manifest.ts";
import { checkModules } from "./floors/modules.ts";
import { filesUnder, runtimeDependencies, workspaceMembers, type Member } from "./workspace.ts";
import { floors, lineBudgets, testing } from "./floors/table.ts";

/** What is wrong, where, and what to do. */
export interface Violation {
  /** From the root, with a line where there is one: `packages/nn/src/linear.ts:3`. */
  place: string;
  message: string;
}

/** Everything in the workspace at `root` that breaks a rule of its layout. */
export function checkFloors(root: string): Violation[] {
  const members = workspaceMembers(root);
  const decisions = filesUnder(join(root, "docs/decisions"), [".md"]).map((file) => readFileSync(file, "utf8")).join("\n");
  return members.flatMap((member) => [
    ...checkPlace(member),
    ...(member.kind === "package" && member.shortName !== testing ? [...checkManifest(root, member), ...checkDecisions(member, decisions)] : []),
    ...checkReadme(root, member),
    ...checkLengths(root, member),
    ...checkModules(root, member, members),
  ]);
}

function checkPlace({ shortName, kind, folder }: Member): Violation[] {
  if (kind === "app" || shortName === testing || shortName in floors) return [];
  return [{ place: folder, message: `"${shortName}" has no floor. Add its line to scripts/floors/table.ts.` }];
}

function checkDecisions({ folder, manifest }: Member, decisions: string): Violation[] {
  return Object.keys(runtimeDependencies(manifest))
    .filter((name) => !name.startsWith("@multiway/") && !decisions.includes(`\`${name}\``))
    .map((name) => ({
      place: `${folder}/package.json`,
      message: `"${name}" is a third-party dependency without a decision. Say in docs/decisions why \`${name}\` is worth it.`,
    }));
}

function checkReadme(root: string, { folder, manifest }: Member): Violation[] {
  const file = join(root, folder, "README.md");
  if (!existsSync(file)) return [{ place: folder, message: "README.md is missing." }];
  if (!readFileSync(file, "utf8").startsWith(`# ${manifest.name}\n`)) return [{ place: `${folder}/README.md:1`, message: `the first line is not "# ${manifest.name}".` }];
  return [];
}

function checkLengths(root: string, { folder }: Member): Violation[] {
  return filesUnder(join(root, folder, "src"), [".ts", ".tsx"]).flatMap((file) => {
    const text = readFileSync(file, "utf8");
    const lines = text.split("\n").length - 1;
    const budget = /\.(test|samples)\.tsx?$/.test(file) ? lineBudgets.test : lineBudgets.source;
    const saysWhy = text.split("\n").slice(0, 15).some((line) => line.includes("Long because "));
    if (lines <= budget || saysWhy) return [];
    return [{ place: relative(root, file), message: `${lines} lines; at most ${budget}. Split it by meaning, or say in its header "Long because …".` }];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const violations = checkFloors(fileURLToPath(new URL("..", import.meta.url)));
  for (const { place, message } of violations) console.error(`${place}: ${message}`);
  console.log(violations.length === 0 ? "floors: all rules hold" : `floors: ${violations.length} violations`);
  process.exitCode = violations.length === 0 ? 0 : 1;
}
