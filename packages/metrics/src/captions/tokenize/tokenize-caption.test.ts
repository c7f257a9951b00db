import { describe, expect, it } from "vitest";
import { readFixtureJson } from "../../../fixtures/read-fixture.ts";
import { tokenizeCaption } from "../../index.ts";

const tokens = (text: string) => tokenizeCaption(text).join(" ");

describe("tokenizeCaption", () => {
  it("splits real captions as they are stored, but for two words in which the stored ones differ from the tokenizer's rules", async () => {
    const differing: string[][] = [];
    let count = 0;
    for (const name of ["coco-fakecap", "coco-human", "abstract-B", "edge"]) {
      const { items } = await readFixtureJson<{ items: { hyp: string; refs: string[]; hyp_tok: string; refs_tok: string[] }[] }>(`captions/${name}.json`);
      for (const { hyp, refs, hyp_tok: hypothesis, refs_tok: references } of items) {
        [hyp, ...refs].forEach((text, index) => {
          const stored = [hypothesis, ...references][index]!;
          count++;
          if (tokens(text) !== stored) differing.push([tokens(text), stored]);
        });
      }
    }
    expect(count).toBe(2742);
    expect(differing).toEqual([
      ["mike and jenny can not agree whether to play baseball or kickball", "mike and jenny cannot agree whether to play baseball or kickball"],
      ["jenny has on her viking hat but she does not want to play with mr. owl", "jenny has on her viking hat but she does not want to play with mr owl"],
    ]);
  });
  it.each([
    ["A man can't stop; he won't, isn't, they'd've.", "a man ca n't stop he wo n't is n't they 'd 've"],
    ["It’s Jenny’s dog, the dogs' bones", "it 's jenny 's dog the dogs bones"],
    ["I'm gonna, gotta, cannot, 'tis", "i 'm gon na got ta can not 't is"],
    ["ten o'clock, ma'am, rock 'n' roll, the '80s, y'all", "ten o'clock ma'am rock 'n' roll the '80s y' all"],
    ["a ten-year-old's T-shirt -- and a bus - red", "a ten-year-old 's t-shirt and a bus red"],
    ["$5.00, 1,000 cars at 3:30, 50% off; -5 to 1/2", "$ 5.00 1,000 cars at 3:30 50 % off -5 to 1\\/2"],
    ["Dr. Smith of the U.S. Army, St. Louis etc.", "dr. smith of the u.s. army st. louis etc."],
    ["Plan B. Vitamin C.", "plan b vitamin c"],
    ["No. 7 and no. He says no.", "no. 7 and no he says no"],
    ["black and/or white, AT&T, R&B", "black and\\/or white at&t r&b"],
    ["see www.multiway.dev/docs. or me@example.org, #sun @you", "see www.multiway.dev\\/docs or me@example.org #sun @you"],
    ["\"Stop\" says (the [red]) sign", "stop says -lrb- the -lsb- red -rsb- -rrb- sign"],
    ["“Wow…” what?! yes!! no! ...", "wow what ?! yes !! no"],
    ["Café niño 日本 テスト", "café niño 日本 テスト"],
    ["a 😀 face", "a 😀 face"],
    ["two\nlines\tand   blanks ", "two lines and blanks"],
    ["", ""],
    [" . , ; : ! ? ... -- - ' \" ", ""],
  ])("%s", (text, expected) => expect(tokens(text)).toBe(expected));
  it("leaves words that it made as they are", () => {
    const once = tokens("A man that can't ride, sitting on Jenny's T-shirt; 1,000 U.S. dollars or 5% of Mr. Owl's.");
    expect(tokens(once)).toBe(once);
  });
  it.each(["a-", "1-", "%", "a.", "'", "a'b", ". ", "x@", "-.", "a/b", "http://"])("takes %s over and over in good time", (part) => {
    const text = part.repeat(5000);
    expect(tokenizeCaption(text).join("").length).toBeLessThanOrEqual(2 * text.length);
  });
});
