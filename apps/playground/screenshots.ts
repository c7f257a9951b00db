/**
 * Takes the pictures of the five rooms that README and docs carry, at 400 and at 1600 pixels: `pnpm --filter @multiway/playground screenshots [ROOM…]` in a clone. With a new model, look at them before they are kept.
 */
import { join } from "node:path";
import type { Page } from "playwright";
import { servePlayground } from "./src/page.samples.ts";

const folder = join(import.meta.dirname, "../../docs/images");
const patient = { timeout: 300_000 };

/** What somebody does in a room before the picture is taken. */
const rooms: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  async look(page) {
    await page.getByLabel("Names, nearest first").getByRole("listitem").first().waitFor();
    await page.getByLabel("A text beside it (optional)").fill("a dog face");
    await page.getByLabel("A text beside it (optional)").blur();
    await page.getByLabel("Words: choose one to see where it looks").waitFor();
  },
  async ask(page) {
    for (const [button, answer] of [["Ask", "Answers, best first"], ["Search", "Found, best first"]] as const) {
      await page.getByRole("button", { name: button, exact: true }).click();
      await page.getByLabel(answer).getByRole("listitem").first().waitFor();
    }
    await page.getByRole("button", { name: "Describe it" }).click();
    await page.locator(".caption").waitFor();
    await page.getByRole("button", { name: "Judge" }).click();
    await page.getByText(/% sure\./).waitFor();
  },
  async hide(page) {
    await page.getByLabel("Words: choose those to hide").getByRole("button", { name: "dog" }).click();
    await page.getByLabel(/^Guesses for word 1 without/).waitFor();
    await page.getByText(/hidden patches have the visual token/).waitFor();
  },
  async train(page) {
    await page.getByRole("button", { name: "Train", exact: true }).click();
    // After two evaluations there is something to see.
    await page.getByText(/after 500 steps/).waitFor(patient);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText(/^Paused after step/).waitFor();
  },
  async teach(page) {
    await page.getByLabel("Pictures of alive").getByRole("button").first().waitFor();
    await page.getByRole("button", { name: "Teach", exact: true }).click();
    await page.getByText(/Learnt in \d+ s/).waitFor(patient);
    await page.getByRole("button", { name: "umbrella" }).click();
    await page.getByLabel("Classes, likeliest first").waitFor();
  },
};

const asked = process.argv.slice(2).filter((argument) => argument !== "--");
const unknown = asked.find((room) => !(room in rooms));
if (unknown !== undefined) throw new Error(`screenshots: there is no room ${unknown}; expected ${Object.keys(rooms).join(", ")}.`);

await using playground = await servePlayground();
for (const [room, act] of Object.entries(rooms)) {
  if (asked.length > 0 && !asked.includes(room)) continue;
  await using opened = await playground.open(room);
  const { page } = opened;
  await act(page);
  for (const width of [1600, 400]) {
    await page.setViewportSize({ width, height: 1000 });
    await page.evaluate(() => {
      window.scrollTo(0, 0);
      if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    });
    const path = join(folder, `playground-${room}-${width}.png`);
    const take = () => page.screenshot({ path, fullPage: width === 1600 });
    // The software renderer refuses now and then, on a busy machine.
    await take().catch(take);
    console.log(path);
  }
}
