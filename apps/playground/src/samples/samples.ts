/** A picture that comes along. */
export interface Sample {
  file: string;
  /** For those who cannot see it. */
  shows: string;
}

export const emojiSamples: readonly Sample[] = ["dog face", "cat face", "pizza", "sailboat", "sunflower", "red heart", "bicycle", "snowman", "banana", "locomotive", "octopus", "umbrella"].map((shows) => ({ file: `${shows.replace(" ", "-")}.png`, shows }));

/** The same three boxes in two orders, as sentences about pairs are asked. */
export const boxPairs: readonly { left: Sample; right: Sample; sentence: string }[] = [1, 2, 3].map((number) => ({
  left: { file: `boxes-${number}-a.png`, shows: `three boxes, set ${number}` },
  right: { file: `boxes-${number}-b.png`, shows: `the boxes of set ${number} in another order` },
  sentence: number === 3 ? "all blue items are in the same box." : "there is a box with items of only one color.",
}));

export const photographs: readonly Sample[] = [
  { file: "birds.jpg", shows: "two birds on a wire" },
  { file: "stop-sign.jpg", shows: "a stop sign at night" },
];

export const digitSamples: readonly Sample[] = ["3", "7"].map((digit) => ({ file: `digit-${digit}.png`, shows: `a handwritten ${digit}` }));

export const allSamples: readonly Sample[] = [...emojiSamples, ...boxPairs.map(({ left }) => left), ...digitSamples, ...photographs];

export const addressOf = ({ file }: Sample): string => new URL(`samples/${file}`, document.baseURI).href;

/** The file itself. @throws Error when it is not there */
export async function fetchSample(sample: Sample): Promise<Blob> {
  const response = await fetch(addressOf(sample));
  if (!response.ok) throw new Error(`The sample ${sample.file} cannot be loaded (${response.status}). Reload the page.`);
  return await response.blob();
}
