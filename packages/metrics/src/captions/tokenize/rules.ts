import { abbreviation, capitalAbbreviation, numberAbbreviation } from "./abbreviations.ts";

/**
 * What a token may look like. At each place all rules are tried: the longest match wins, of equals the first, as in a lexer. What a rule captures is the token, and a second capture is one more;
 * what it matches beyond them stands only for its length and is read again.
 */
export type Rule = RegExp;

const letter = "\\p{L}\\p{M}";
const digit = "\\p{Nd}";
const apostrophe = "['’´]";
const word = `[${letter}][${letter}${digit}]*(?:[.!?][${letter}][${letter}${digit}]*)*`;
const alphanumeric = `[${letter}${digit}]`;
const number = `(?:${digit}*(?:[.,]${digit}+)+|${digit}+(?:[.:,]${digit}+)*)`;
const auxiliary = `${apostrophe}(?:m|s|d|re|ve|ll)`;
const notALetter = `(?![${letter}])`;
const withPrefix = `(?:[dol]${apostrophe}(?=${alphanumeric}))?`;
const labels = "(?:[^\\s.!?,:/$()<>\"'`“”‘’]{1,63}\\.){1,9}";
const rule = (pattern: string): Rule => new RegExp(pattern, "iuy");

export const rules: readonly Rule[] = [
  // Two words written as one: cannot, gonna, 'tis.
  rule(`(can)(not)${notALetter}`),
  rule(`(gon|wan)(na)${notALetter}`),
  rule(`(got)(ta)${notALetter}`),
  rule(`(lem|gim)(me)${notALetter}`),
  rule(`(${apostrophe}t)(is|was)${notALetter}`),
  // do·n't, it·'s, and the second half alone.
  rule(`([${letter}]*(?!n)[${letter}])n${apostrophe}t${notALetter}`),
  rule(`(n${apostrophe}t)${notALetter}`),
  rule(`(${word})${auxiliary}${notALetter}`),
  rule(`(${auxiliary}|${apostrophe}em)${notALetter}`),
  rule(`(${word})`),
  // o'clock, c'mon, ma'am, y'·all, rock 'n' roll, the '80s.
  rule(`([a-hj-xz]${apostrophe}[${letter}]{2,})`),
  rule(`([${letter}]+[aeiouy]${apostrophe}[${letter}]+)`),
  rule(`(y${apostrophe})[${letter}]`),
  rule(`(${apostrophe}n${apostrophe}?)${notALetter}`),
  rule(`(${apostrophe}${digit}0s|${apostrophe}till?|${apostrophe}cause)${notALetter}`),
  rule("((?:https?|ftp)://[^\\s<>|\"]*[^\\s<>|\".,;:!?'()\\[\\]{}])"),
  rule(`((?:www\\.${labels}[a-z]{2,4}|${labels}(?:com|net|org|edu))(?:/[^\\s<>|"]*[^\\s<>|".,;:!?'()])?)${notALetter}`),
  rule("([a-z0-9._%+-]{1,64}@[a-z0-9][a-z0-9.-]*[a-z0-9])"),
  rule(`([@#][${letter}_][${letter}${digit}_]*)`),
  // Dates, fractions, and/or.
  rule(`(${digit}{1,2}[-/]${digit}{1,2}[-/]${digit}{2,4})`),
  rule(`((?:${digit}{1,4}-)?${digit}{1,4}/${digit}{1,4})`),
  rule(`(${alphanumeric}+(?:-[${letter}]+){0,2}(?:/${alphanumeric}+(?:-[${letter}]+){0,2}){1,2})`),
  rule(`([-+]?${number})`),
  abbreviation,
  capitalAbbreviation,
  numberAbbreviation,
  // U.S., e.g.; a single letter keeps its period in the middle of a sentence.
  rule("([a-z](?:\\.[a-z])+\\.)(?![a-z])"),
  /(\p{L}\.)(?=\s+\p{Ll})/uy,
  rule(`(${withPrefix}(?:${alphanumeric}+|${number})(?:-${withPrefix}(?:${alphanumeric}+|${number}))*)`),
  rule(`(${alphanumeric}[${letter}${digit}.,]*(?:[-_]${alphanumeric}+(?:\\.${digit}+)?)+)`),
  rule(`([a-z]+(?:[+&][a-z]+)+)`),
  // Punctuation in runs, then whatever is left, by itself.
  /(\.(?: \.)+ \.|\.{3,}|-{2,}|[?!]+|''|``|@+|#+|_+|=+)/uy,
  /(\S)/uy,
];
