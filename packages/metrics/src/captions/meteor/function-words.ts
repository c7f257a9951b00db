/** Words that carry grammar more than content, and punctuation: METEOR weighs them a third as much. */
export const functionWords: ReadonlySet<string> = new Set(
  [
    ". , ; : ! ? ( ) \" ' ` '' `` - -- ... 's 'd 'll 'm 're 've n't",
    "a an the this that these those",
    "i you he she it we they me him her us them my your his its our their who which what",
    "be is are was were been am has have had do does did will would can could may should",
    "of to in for on with at by from as about into than over after out up",
    "and or but if so when there not no",
    "all any some other more only also one",
  ].flatMap((line) => line.split(" ")),
);
