import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, normalize, relative } from "node:path";
import ts from "typescript";
import type { Violation } from "../check-floors.ts";
import { filesUnder, runtimeDependencies, type Member } from "../workspace.ts";
import { devices, floors, outward, testing, watcher } from "./table.ts";

/** One import, export-from or `import()` of a module. */
interface Import {
  specifier: string;
  line: number;
  /** False for what is erased: `import type`, and types that name a module. */
  isValue: boolean;
}

/** Every import in a member's sources goes where it may. */
export function checkModules(root: string, member: Member, members: readonly Member[]): Violation[] {
  const source = join(root, member.folder, "src");
  const graph = new Map<string, string[]>();
  const found: Violation[] = [];
  for (const file of filesUnder(source, [".ts", ".tsx"])) {
    const values: string[] = [];
    for (const one of importsOf(file)) {
      const message = one.specifier.startsWith(".") ? checkRelative(root, member, file, one) : checkByName(member, members, isTest(file), one);
      if (message) found.push({ place: `${relative(root, file)}:${one.line}`, message });
      if (one.specifier.startsWith(".") && one.isValue) values.push(normalize(join(dirname(file), one.specifier)));
    }
    graph.set(file, values);
  }
  return [...found, ...cycles(graph).map((cycle) => ({
    place: relative(root, cycle[0]!),
    message: `imports itself in a circle: ${[...cycle, cycle[0]!].map((file) => relative(source, file)).join(" → ")}. Move what both need into a file of its own.`,
  }))];
}

/** Test files, and what only they read; none of it ships. */
function isTest(file: string): boolean {
  return /\.(test|samples)\.tsx?$/.test(file);
}

function checkRelative(root: string, { folder }: Member, file: string, { specifier }: Import): string | undefined {
  const target = relative(join(root, folder), join(dirname(file), specifier));
  if (target.startsWith("..")) return `"${specifier}" leaves the package. Import other packages by name.`;
  if (!/\.(tsx?|json)$/.test(specifier.replace(/\?.*$/, ""))) return `"${specifier}" has no extension; write the file's own, .ts.`;
  return undefined;
}

function checkByName(member: Member, members: readonly Member[], inTest: boolean, { specifier }: Import): string | undefined {
  const { shortName, manifest } = member;
  if (specifier.startsWith("#")) {
    return specifier in (manifest.imports ?? {}) ? undefined : `"${specifier}" is not in "imports" of package.json.`;
  }
  if (specifier.startsWith("node:") || builtinModules.includes(specifier)) {
    if (!specifier.startsWith("node:")) return `"${specifier}" is a module of Node; write "node:${specifier}".`;
    return inTest || member.kind === "app" || outward.includes(shortName) ? undefined : `"${specifier}" reaches outside; only ${outward.join(", ")} and apps may.`;
  }
  const name = specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
  if (!name.startsWith("@multiway/")) {
    if (inTest || name in runtimeDependencies(manifest)) return undefined;
    // A dev dependency is enough for the private package.
    if (shortName === testing && name in (manifest.devDependencies ?? {})) return undefined;
    return `"${name}" is not among the dependencies in package.json.`;
  }
  const target = members.find((one) => one.manifest.name === name);
  if (!target) return `"${name}" is not in the workspace.`;
  const entry = specifier === name ? "." : `.${specifier.slice(name.length)}`;
  if (!(entry in (target.manifest.exports ?? {}))) return `"${specifier}" is not in "exports" of ${name}.`;
  return checkFloor(member, target, inTest);
}

function checkFloor(member: Member, target: Member, inTest: boolean): string | undefined {
  const name = target.manifest.name;
  if (target.kind === "app") return `"${name}" is an app; apps are imported by nothing.`;
  if (member.kind === "app" && target.shortName !== testing) return declared(member, name, inTest);
  if (member.shortName === testing || target.shortName === member.shortName) return undefined;
  if (inTest && (target.shortName === testing || devices.includes(target.shortName))) return undefined;
  if (target.shortName === testing) return `"${name}" is for test files alone.`;
  if (devices.includes(target.shortName) && member.shortName !== watcher) return `"${name}" is a device; only tests and apps import one. Take a Device as an argument.`;
  const from = floors[member.shortName] ?? 0;
  const to = floors[target.shortName] ?? 0;
  if (to >= from) return `"${name}" is on floor ${to}, ${member.manifest.name} on floor ${from}; imports go strictly downwards.`;
  return declared(member, name, inTest);
}

function declared({ manifest }: Member, name: string, inTest: boolean): string | undefined {
  return inTest || name in runtimeDependencies(manifest) ? undefined : `"${name}" is not among the dependencies in package.json.`;
}

function importsOf(file: string): Import[] {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
  const imports: Import[] = [];
  const add = (node: ts.Node | undefined, isValue: boolean) => {
    if (node && ts.isStringLiteralLike(node)) {
      imports.push({ specifier: node.text, line: source.getLineAndCharacterOfPosition(node.getStart()).line + 1, isValue });
    }
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, node.importClause?.phaseModifier !== ts.SyntaxKind.TypeKeyword);
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, !node.isTypeOnly);
    // A dynamic import runs later, when both modules are whole.
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0], false);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, false);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return imports;
}

/** One circle for each strongly connected group of files, by Tarjan's algorithm. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): void => {
    order.set(file, order.size);
    low.set(file, order.get(file)!);
    stack.push(file);
    for (const next of graph.get(file) ?? []) {
      if (!graph.has(next)) continue;
      if (!order.has(next)) {
        visit(next);
        low.set(file, Math.min(low.get(file)!, low.get(next)!));
      } else if (stack.includes(next)) low.set(file, Math.min(low.get(file)!, order.get(next)!));
    }
    if (low.get(file) !== order.get(file)) return;
    const group = stack.splice(stack.indexOf(file));
    if (group.length > 1 || graph.get(file)?.includes(file)) found.push(circle(graph, group));
  };
  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return found;
}

/** A walk inside a group until a file comes again. */
function circle(graph: ReadonlyMap<string, readonly string[]>, group: readonly string[]): string[] {
  const path: string[] = [];
  for (let file = [...group].sort()[0]!; !path.includes(file); file = graph.get(file)!.find((next) => group.includes(next))!) path.push(file);
  const last = graph.get(path.at(-1)!)!.find((next) => group.includes(next))!;
  return path.slice(path.indexOf(last));
}
