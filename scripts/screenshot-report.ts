/**
 * Takes pictures of a report as people see it: at 1280 and 400 pixels, light and dark.
 *
 *     tsx scripts/screenshot-report.ts out/demo/report.html [FOLDER]
 *
 * Writes `report-1280-light-1.png` and so on, each 1600 pixels high, into FOLDER, by default that of the report.
 */
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium as browsers } from "playwright";
// By path: the root depends on no package's source.
import { chromium } from "../packages/testing/src/software.ts";

const [report, folder = report && dirname(report)] = process.argv.slice(2);
if (!report || !folder) throw new Error("screenshot-report: no report was given; expected the path of a report.html.");

const windowHeight = 1600;
const browser = await browsers.launch((await chromium()) ?? { channel: "chrome" });
try {
  for (const width of [1280, 400]) {
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await browser.newPage({ viewport: { width, height: windowHeight }, colorScheme });
      const requests: string[] = [];
      page.on("request", (request) => requests.push(request.url()));
      await page.goto(pathToFileURL(resolve(report)).href);
      const outside = requests.filter((url) => !/^(file|data):/.test(url));
      if (outside.length > 0) throw new Error(`screenshot-report: the report asks for ${outside.join(", ")}; expected no requests.`);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (overflow > 0) console.warn(`${width} px, ${colorScheme}: ${overflow} pixels too wide`);
      const height = await page.evaluate(() => document.documentElement.scrollHeight);
      // One window after the other: Chromium does not draw ten thousand pixels at once.
      for (let top = 0, part = 1; top < height; top += windowHeight, part++) {
        await page.evaluate((y) => window.scrollTo(0, y), top);
        const picture = () => page.screenshot({ path: join(folder, `report-${width}-${colorScheme}-${part}.png`) });
        // The software renderer refuses now and then, on a busy machine.
        await picture().catch(picture).catch(picture);
      }
      await page.close();
    }
  }
} finally {
  await browser.close();
}
