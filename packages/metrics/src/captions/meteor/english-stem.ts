const exceptions: Readonly<Record<string, string>> = {
  skis: "ski", skies: "sky", dying: "die", lying: "lie", tying: "tie", idly: "idl", gently: "gentl", ugly: "ugli", early: "earli", only: "onli", singly: "singl",
  sky: "sky", news: "news", howe: "howe", atlas: "atlas", cosmos: "cosmos", bias: "bias", andes: "andes",
};
const finishedEarly = new Set(["inning", "outing", "canning", "herring", "earring", "proceed", "exceed", "succeed"]);

/** Suffixes and what takes their place, in the first region; longer ones that end alike come before. */
const step2: readonly (readonly [string, string])[] = [
  ["ational", "ate"], ["ization", "ize"], ["fulness", "ful"], ["ousness", "ous"], ["iveness", "ive"],
  ["tional", "tion"], ["biliti", "ble"], ["lessli", "less"],
  ["entli", "ent"], ["ation", "ate"], ["alism", "al"], ["aliti", "al"], ["ousli", "ous"], ["iviti", "ive"], ["fulli", "ful"],
  ["enci", "ence"], ["anci", "ance"], ["abli", "able"], ["izer", "ize"], ["ator", "ate"], ["alli", "al"],
  ["bli", "ble"], ["ogi", "og"], ["li", ""],
];
const step3: readonly (readonly [string, string])[] = [["ational", "ate"], ["tional", "tion"], ["alize", "al"], ["icate", "ic"], ["iciti", "ic"], ["ative", ""], ["ical", "ic"], ["ness", ""], ["ful", ""]];
const step4 = ["ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ism", "ate", "iti", "ous", "ive", "ize", "ion", "al", "er", "ic"];

const shortSyllable = /(?:[^aeiouy][aeiouy][^aeiouywxY]|^[aeiouy][^aeiouy])$/;

/**
 * The stem of an English word in lower case: `riding` → `ride`, `ponies` → `poni`. Words of at most two letters are their own stem.
 *
 * Source: Porter's second English stemmer, snowballstem.org/algorithms/english/stemmer.html. A y that is a consonant is written Y.
 */
export function englishStem(word: string): string {
  const exception = Object.hasOwn(exceptions, word) ? exceptions[word] : undefined;
  if (exception !== undefined || word.length <= 2) return exception ?? word;
  let stem = word.replace(/^'/, "").replace(/^y|(?<=[aeiouy])y/g, "Y");
  const first = /^(?:gener|commun|arsen)/.exec(stem)?.[0].length ?? afterVowelAndConsonant(stem, 0);
  const second = afterVowelAndConsonant(stem, first);
  // Regions keep their beginning while suffixes change.
  const replaceSuffix = (suffix: string, by: string) => (stem = stem.slice(0, stem.length - suffix.length) + by);
  const isIn = (suffix: string, region: number) => stem.length - suffix.length >= region;

  stem = stem.replace(/(?:'s'|'s|')$/, "");
  stem = singular(stem);
  if (finishedEarly.has(stem)) return stem;
  stem = withoutEnding(stem, first);
  if (/.[^aeiouy][yY]$/.test(stem)) replaceSuffix("y", "i");

  const [suffix2, by2] = step2.find(([suffix]) => stem.endsWith(suffix)) ?? ["", ""];
  const allowed2 = suffix2 === "ogi" ? /logi$/ : suffix2 === "li" ? /[cdeghkmnrt]li$/ : /$/;
  if (suffix2 && isIn(suffix2, first) && allowed2.test(stem)) replaceSuffix(suffix2, by2);

  const [suffix3, by3] = step3.find(([suffix]) => stem.endsWith(suffix)) ?? ["", ""];
  if (suffix3 && isIn(suffix3, suffix3 === "ative" ? Math.max(first, second) : first)) replaceSuffix(suffix3, by3);

  const suffix4 = step4.find((suffix) => stem.endsWith(suffix));
  if (suffix4 && isIn(suffix4, second) && (suffix4 !== "ion" || /[st]ion$/.test(stem))) replaceSuffix(suffix4, "");

  if (stem.endsWith("e") && (isIn("e", second) || (isIn("e", first) && !shortSyllable.test(stem.slice(0, -1))))) replaceSuffix("e", "");
  else if (stem.endsWith("ll") && isIn("l", second)) replaceSuffix("l", "");
  return stem.replaceAll("Y", "y");
}

/** {@link englishStem}, which looks at each word once. */
export function rememberedStems(): (word: string) => string {
  const stems = new Map<string, string>();
  return (word) => {
    let stem = stems.get(word);
    if (stem === undefined) stems.set(word, (stem = englishStem(word)));
    return stem;
  };
}

/** Behind the first consonant that follows a vowel, from a place on; the end where there is none. */
function afterVowelAndConsonant(word: string, from: number): number {
  const match = /[aeiouy][^aeiouy]/.exec(word.slice(from));
  return match ? from + match.index + 2 : word.length;
}

function singular(word: string): string {
  if (word.endsWith("sses")) return word.slice(0, -2);
  if (/ie[ds]$/.test(word)) return word.slice(0, word.length > 4 ? -2 : -1);
  if (/(?:us|ss)$/.test(word)) return word;
  return word.endsWith("s") && /[aeiouy].+s$/.test(word) ? word.slice(0, -1) : word;
}

function withoutEnding(word: string, first: number): string {
  const ending = /(?:eedly|eed|ingly|edly|ing|ed)$/.exec(word)?.[0];
  if (!ending) return word;
  const before = word.slice(0, -ending.length);
  if (ending.startsWith("eed")) return before.length >= first ? `${before}ee` : word;
  if (!/[aeiouy]/.test(before)) return word;
  if (/(?:at|bl|iz)$/.test(before)) return `${before}e`;
  if (/(?:bb|dd|ff|gg|mm|nn|pp|rr|tt)$/.test(before)) return before.slice(0, -1);
  return before.length <= first && shortSyllable.test(before) ? `${before}e` : before;
}
