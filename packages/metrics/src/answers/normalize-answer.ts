import { contractions } from "./contractions.ts";

const marks = [..."/[]\"{}()=+\\_-><@`,?!;"];
const numberWords = new Map([["none", "0"], ..."zero one two three four five six seven eight nine ten".split(" ").map((word, number) => [word, String(number)] as const)] as [string, string][]);
const articles = new Set(["a", "an", "the"]);
/** The official code hands a flag to the argument that limits replacements. */
const mostPeriods = 32;

/**
 * An answer as VQA evaluation compares it: without articles and most punctuation, in lower case, numbers up to ten as digits, apostrophes where they belong.
 *
 *     normalizeAnswer("The two dogs.")   // "2 dogs"
 *     normalizeAnswer("dont know")       // "don't know"
 *
 * The same cleaning makes the answer list of the released question-answering heads.
 *
 * Source: GT-Vision-Lab/VQA (vqaEval.py); microsoft/unilm: beit3/glossary.py.
 */
export function normalizeAnswer(answer: string): string {
  return joinedWords(withoutPunctuation(trimmed(answer)));
}

/** On one line, without blanks at its ends. */
export const trimmed = (answer: string): string => answer.replace(/[\n\t]/g, " ").trim();

/** Marks beside a blank, and all in an answer with a comma between digits, go; others become a blank. Periods go unless a digit follows. */
function withoutPunctuation(answer: string): string {
  const hasDigitComma = /\p{Nd},\p{Nd}/u.test(answer);
  let text = answer;
  for (const mark of marks) text = text.replaceAll(mark, hasDigitComma || answer.includes(`${mark} `) || answer.includes(` ${mark}`) ? "" : " ");
  let periods = 0;
  return text.replace(/\.(?!\p{Nd})/gu, (period) => (periods++ < mostPeriods ? "" : period));
}

function joinedWords(text: string): string {
  return text
    .toLowerCase()
    .split(/\s+/u)
    .map((word) => numberWords.get(word) ?? word)
    .filter((word) => word !== "" && !articles.has(word))
    .map((word) => contractions.get(word) ?? word)
    .join(" ");
}
