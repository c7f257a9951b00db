import { DataError } from "@multiway/errors";
import type { Key } from "@multiway/random";

/**
 * Splits data in two, so that what belongs together, such as the questions about one picture, stays together.
 *
 * @param share   of the groups that the second part gets, above 0 and below 1; at least one
 * @param groupOf the group of an example
 * @returns       both parts, each in the order of the data
 * @throws DataError when there are not two groups
 */
export function holdOut<E>(examples: readonly E[], { share, key, groupOf }: { share: number; key: Key; groupOf: (example: E) => string }): [kept: E[], heldOut: E[]] {
  const groups = [...new Set(examples.map(groupOf))];
  if (groups.length < 2) throw new DataError(`holdOut: the ${examples.length} examples belong to ${groups.length} picture; expected at least two, to learn from one part and measure on the other.`);
  const count = Math.min(groups.length - 1, Math.max(1, Math.round(share * groups.length)));
  const chosen = new Set([...key.permutation(groups.length).subarray(0, count)].map((index) => groups[index]!));
  return [examples.filter((example) => !chosen.has(groupOf(example))), examples.filter((example) => chosen.has(groupOf(example)))];
}
