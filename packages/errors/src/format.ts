/** Small helpers that make messages read alike everywhere. */

/** `[2, 3]`; a scalar is `[]`. */
export function formatShape(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}

/** `a, b and c`; `nothing` for an empty list. At most `limit` entries are spelled out, the rest is counted. */
export function formatList(items: readonly string[], limit = 8): string {
  if (items.length === 0) return "nothing";
  if (items.length > limit) return `${items.slice(0, limit).join(", ")} and ${items.length - limit} more`;
  if (items.length === 1) return items[0]!;
  return `${items.slice(0, -1).join(", ")} and ${items[items.length - 1]}`;
}

/** What was given, short enough for a message: strings in quotes, objects by class name. */
export function formatValue(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (value === null || value === undefined || typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value === "function") return `a function${value.name ? ` named ${value.name}` : ""}`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const name = (value as object).constructor?.name;
  return name && name !== "Object" ? `${article(name)} ${name}` : "an object";
}

/** `a` or `an`, by the first letter. */
export function article(noun: string): "a" | "an" {
  return /^[aeiou]/i.test(noun) ? "an" : "a";
}
