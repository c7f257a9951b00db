/** What is replaced by what, in this order. */
const replacements = [
  [" .", "."],
  [" ?", "?"],
  [" !", "!"],
  [" ,", ","],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
] as const;

/**
 * Removes the blanks that tokenising puts before punctuation and inside English contractions.
 *
 * `cleanUpSpaces("it 's a dog .")` is `"it's a dog."`.
 *
 * Source: `clean_up_tokenization` of transformers 4.
 */
export function cleanUpSpaces(text: string): string {
  return replacements.reduce((cleaned, [from, to]) => cleaned.replaceAll(from, to), text);
}
