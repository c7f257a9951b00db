import type { FunctionReference, ModuleBuilder } from "../assembler/index.ts";

const defined = new WeakMap<ModuleBuilder, Map<string, FunctionReference>>();

/** A function that several kernel functions of a module call: defined at the first use, found again under its key. */
export function sharedFunction(module: ModuleBuilder, key: string, define: () => FunctionReference): FunctionReference {
  const functions = defined.get(module) ?? new Map<string, FunctionReference>();
  defined.set(module, functions);
  const known = functions.get(key);
  if (known) return known;
  const reference = define();
  functions.set(key, reference);
  return reference;
}
