import type { Stage } from "./stage.ts";

export interface Launch {
  x: number;
  y: number;
}

/** Longer work than one dimension allows (65535 workgroups by default) folds into y, as evenly as it goes. */
export function foldWorkgroups(count: number, maxPerDimension: number): Launch {
  const y = Math.ceil(count / maxPerDimension);
  return { x: Math.ceil(count / Math.max(y, 1)), y };
}

/** The whole WGSL of a stage, given the text that reaches its views. */
export function stageModule(stage: Stage, bindings: string, launch: Launch): string {
  const folded = launch.y > 1;
  return [
    `// ${stage.label}`,
    ...(stage.directives ?? []),
    bindings,
    ...(stage.declarations ? [stage.declarations.trim()] : []),
    `@compute @workgroup_size(${stage.workgroupSize})`,
    `fn main(${["@builtin(local_invocation_index) lane: u32", "@builtin(workgroup_id) workgroup: vec3<u32>", ...(stage.parameters ?? [])].join(", ")}) {`,
    folded ? `  let group = workgroup.x + ${launch.x}u * workgroup.y;` : `  let group = workgroup.x;`,
    ...(folded && launch.x * launch.y !== stage.workgroups ? [`  if (group >= ${stage.workgroups}u) { return; }`] : []),
    stage.body.replace(/^\n+|\s+$/g, ""),
    `}`,
    ``,
  ].join("\n");
}
