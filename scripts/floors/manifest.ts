import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Violation } from "../check-floors.ts";
import type { Member, Target } from "../workspace.ts";

const SOURCE = "@multiway/source";

/** The same in every package, to the letter. */
const files: Readonly<Record<string, string>> = {
  "tsconfig.json": '{\n  "extends": "../../tsconfig.base.json",\n  "include": ["src", "tsup.config.ts"]\n}\n',
  "tsup.config.ts": 'import { library } from "../../scripts/tsup-preset.ts";\n\nexport default library();\n',
};

/** A package has the shape that all packages have: its package.json, and the two files beside it that only point to the root. */
export function checkManifest(root: string, { shortName, folder, manifest }: Member): Violation[] {
  const found: Violation[] = [];
  const expect = (holds: boolean, message: string) => {
    if (!holds) found.push({ place: `${folder}/package.json`, message });
  };
  const same = (field: string, expected: unknown) =>
    expect(JSON.stringify(manifest[field]) === JSON.stringify(expected), `"${field}" is ${JSON.stringify(manifest[field])}; expected ${JSON.stringify(expected)}.`);

  same("name", `@multiway/${shortName}`);
  same("license", "MIT");
  same("type", "module");
  // An entry called register is there for its effect: `node --import`.
  same("sideEffects", "./register" in (manifest.exports ?? {}) ? ["./src/register.ts", "./dist/register.js"] : false);
  same("engines", { node: ">=20.19" });
  same("publishConfig", { access: "public", provenance: true });
  same("repository", { type: "git", url: "git+https://github.com/multiway-js/multiway.git", directory: folder });
  const scripts = manifest["scripts"] as Record<string, string> | undefined;
  expect(scripts?.["build"] === "tsup" && scripts["check"] === "tsc -p tsconfig.json", '"scripts" must hold "build": "tsup" and "check": "tsc -p tsconfig.json".');
  expect(/^\d+\.\d+\.\d+/.test(manifest.version), `"version" is ${JSON.stringify(manifest.version)}; expected three numbers.`);
  expect(typeof manifest["description"] === "string" && manifest["description"] !== "", '"description" is missing.');

  const shipped = manifest["files"];
  const required = ["dist", "src", "!src/**/*.test.ts", "!src/**/*.samples.ts"];
  expect(
    Array.isArray(shipped) && required.every((entry) => shipped.includes(entry)),
    `"files" is ${JSON.stringify(shipped)}; it must hold ${JSON.stringify(required)}, for the source condition to resolve in what is published.`,
  );

  expect(manifest.exports?.["./package.json"] === "./package.json", '"exports" must hold "./package.json": "./package.json".');
  for (const [entry, target] of Object.entries(manifest.exports ?? {})) {
    if (entry === "./package.json") continue;
    const conditions = conditionsOf(target);
    expect(conditions[0] === SOURCE && conditions[1] === "types" && conditions.at(-1) === "default", `"exports" of "${entry}" has the conditions ${conditions.join(", ") || "none"}; expected ${SOURCE}, types, default in this order.`);
  }
  for (const [entry, target] of Object.entries(manifest.imports ?? {})) {
    expect(conditionsOf(target)[0] === SOURCE, `"imports" of "${entry}" must begin with the condition ${SOURCE}.`);
  }
  for (const path of sourcePaths({ ...manifest.exports, ...manifest.imports }, false)) {
    expect(existsSync(join(root, folder, path)), `${path} is named under "${SOURCE}", but there is no such file.`);
  }
  for (const [name, range] of Object.entries(manifest.dependencies ?? {})) {
    if (name.startsWith("@multiway/")) expect(range === "workspace:^", `"${name}" is "${range}"; expected "workspace:^".`);
  }

  for (const [name, text] of Object.entries(files)) {
    const path = join(root, folder, name);
    if (!existsSync(path) || readFileSync(path, "utf8") !== text) {
      found.push({ place: `${folder}/${name}`, message: `differs from the one that all packages have:\n${text}Change tsconfig.base.json or scripts/tsup-preset.ts instead.` });
    }
  }
  return found;
}

function conditionsOf(target: Target): string[] {
  return typeof target === "string" || target === null ? [] : Object.keys(target);
}

function sourcePaths(target: Target, isSource: boolean): string[] {
  if (target === null) return [];
  if (typeof target === "string") return isSource ? [target] : [];
  return Object.entries(target).flatMap(([condition, inner]) => sourcePaths(inner, isSource || condition === SOURCE));
}
