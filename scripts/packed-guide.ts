import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import ts from "typescript";
import { run } from "./process.ts";

/** A program in a guide that is to run where nothing of the workspace is: a block that begins with ```` ```ts outside ````. */
export interface GuideProgram {
  code: string;
  lines: number;
  /** Packages of ours that it imports. */
  packages: string[];
  /** Text after `// → `, in order. */
  prints: string[];
}

/** @throws Error when the guide has no such block, or several */
export async function readGuide(path: string): Promise<GuideProgram> {
  const blocks = [...(await readFile(path, "utf8")).matchAll(/^```ts outside\n([\s\S]*?)^```$/gm)].map(([, code]) => code!);
  if (blocks.length !== 1) throw new Error(`${path}: ${blocks.length} blocks begin with \`\`\`ts outside; expected one.`);
  const code = blocks[0]!;
  return {
    code,
    lines: code.trimEnd().split("\n").length,
    packages: [...new Set([...code.matchAll(/from "(@multiway\/[a-z0-9-]+)/g)].map(([, name]) => name!))],
    prints: [...code.matchAll(/\/\/ → ?(.*)$/gm)].map(([, text]) => text!.trimEnd()),
  };
}

/**
 * Type-checks and runs a guide's program in a folder where its packages are installed.
 *
 * @param data   a folder that the guide tells its reader to copy beside the program
 * @param types  folders of type declarations that the program may count on
 */
export async function runGuide({ code, prints }: GuideProgram, folder: string, data: string, types: string[]): Promise<void> {
  const file = join(folder, "program.ts");
  await writeFile(file, code);
  await cp(data, folder, { recursive: true });
  const options: ts.CompilerOptions = { strict: true, skipLibCheck: true, noEmit: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts", "lib.dom.d.ts"], types };
  const host = ts.createCompilerHost(options);
  host.getCurrentDirectory = () => folder;
  const diagnostics = ts.getPreEmitDiagnostics(ts.createProgram([file], options, host));
  if (diagnostics.length > 0) throw new Error(`types: ${ts.formatDiagnostics(diagnostics, host)}`);
  const program = join(folder, "program.js");
  await writeFile(program, ts.transpileModule(code, { compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext } }).outputText);
  const output = (await run(process.execPath, [program], { cwd: folder })).trimEnd().split("\n");
  if (output.join("\n") !== prints.join("\n")) throw new Error(`it printed\n${output.join("\n")}\nexpected\n${prints.join("\n")}`);
}
