/** Words with all their apostrophes. */
const whole = [
  ..."ain't aren't can't couldn't didn't doesn't don't hadn't hasn't haven't isn't mightn't mustn't needn't oughtn't shan't shouldn't wasn't weren't won't wouldn't".split(" "),
  ..."couldn't've hadn't've mightn't've shouldn't've wouldn't've".split(" "),
  ..."could've might've must've not've should've they've we've what've where've who've would've you've".split(" "),
  ..."he'd how'd it'd someone'd something'd there'd they'd where'd who'd you'd".split(" "),
  ..."he'd've it'd've she'd've somebody'd've someone'd've something'd've there'd've they'd've we'd've who'd've you'd've".split(" "),
  ..."he's how's somebody's someone's that's there's what's when's where's who's why's".split(" "),
  ..."how'll it'll somebody'll someone'll something'll they'll what'll who'll why'll you'll".split(" "),
  ..."there're they're what're why're you're".split(" "),
  ..."ma'am o'clock 'twas 'ow's'at y'all y'all'll y'all'd've".split(" "),
];

/**
 * The word with its apostrophes by the word that lacks one of them: dont → don't, couldnt've and couldn'tve → couldn't've. The official table holds these alone, so a word that lacks two
 * stays as it is; its entries with a capital I never match, because words are lower-cased before.
 */
export const contractions: ReadonlyMap<string, string> = new Map([
  ...whole.flatMap((word) => [...word.matchAll(/'/g)].map(({ index }) => [word.slice(0, index) + word.slice(index + 1), word] as const)),
  // The official table has this one the wrong way round.
  ["somebody'd", "somebodyd"],
]);
