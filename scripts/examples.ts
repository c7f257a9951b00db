import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { filesUnder } from "./workspace.ts";

/** A block of a Markdown file that begins with ```` ```ts runnable ````. */
export interface Example {
  /** From the root, with the line of the block's first line of code: `docs/concepts.md:12`. */
  place: string;
  code: string;
  /** What it prints, line by line: the text after `// → `. */
  prints: string[];
}

/** All runnable examples in READMEs and docs. */
export function findExamples(root: string): Example[] {
  const readmes = ["packages", "apps"].flatMap((parent) => filesUnder(join(root, parent), ["README.md"]));
  return [join(root, "README.md"), ...readmes, ...filesUnder(join(root, "docs"), [".md"])].flatMap((file) => parseExamples(readFileSync(file, "utf8"), relative(root, file)));
}

/** The runnable examples in one Markdown text. */
export function parseExamples(markdown: string, name: string): Example[] {
  const examples: Example[] = [];
  for (const match of markdown.matchAll(/^```ts runnable\n([\s\S]*?)^```$/gm)) {
    const code = match[1]!;
    const line = markdown.slice(0, match.index).split("\n").length + 1;
    examples.push({ place: `${name}:${line}`, code, prints: [...code.matchAll(/\/\/ → ?(.*)$/gm)].map(([, text]) => text!.trimEnd()) });
  }
  return examples;
}
