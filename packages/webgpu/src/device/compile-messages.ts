interface Refusal {
  reason: string;
  details: { label: string; source: string };
}

/** What a compiler has against a module, with lines, columns and the numbered text. Loaded when it is needed: whoever runs kernels that compile does without. */
export async function compileMessages(module: GPUShaderModule, { reason, details }: Refusal): Promise<Refusal> {
  const info = await module.getCompilationInfo().catch(() => undefined);
  const messages = (info?.messages ?? []).filter(({ type }) => type === "error").map(({ lineNum, linePos, message }) => ({ line: lineNum, column: linePos, message }));
  const places = messages.map(({ line, column, message }) => `line ${line}, column ${column}: ${message}`).join("; ");
  const numbered = details.source.split("\n").map((text, index) => `${String(index + 1).padStart(4)} ${text}`);
  return { reason: `${places || reason}\n${numbered.join("\n")}`, details: Object.assign(details, { messages }) };
}
