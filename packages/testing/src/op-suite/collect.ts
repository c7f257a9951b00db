import type { Samples } from "./sample.ts";

interface Glob {
  glob(pattern: string, options: { eager: true }): Record<string, Record<string, unknown>>;
}

/**
 * Every group of samples. They lie beside the ops in `*.samples.ts`, which never ship and which no entry of the package names, so they are
 * found by pattern.
 */
export function allSamples(): readonly Samples[] {
  const files = Object.entries((import.meta as unknown as Glob).glob("../../../tensor/src/**/*.samples.ts", { eager: true }));
  const groups = files.flatMap(([, exported]) => Object.values(exported) as Samples[]);
  const names = groups.map((group) => group.name);
  const twice = names.find((name, position) => names.indexOf(name) !== position);
  if (twice !== undefined) throw new Error(`op samples: two groups are named "${twice}".`);
  return groups;
}
