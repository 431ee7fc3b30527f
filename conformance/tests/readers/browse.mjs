// A browser that does not put up with anything: what every page of ours has to stand.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export async function browse(executablePath) {
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });

  /** A page that fails the run when it complains, loads something, or asks something. */
  async function open(file, settings) {
    const context = await browser.newContext(settings);
    const page = await context.newPage();
    page.on("console", (message) => assert.fail(`${message.type()} on the console: ${message.text()}`));
    page.on("pageerror", (error) => assert.fail(`a script failed: ${error}`));
    page.on("dialog", (dialog) => assert.fail(`a dialog: ${dialog.message()}`));
    page.on("request", (request) => {
      assert.ok(/^(file|data):/.test(request.url()), `the page loads ${request.url()}`);
    });
    await page.goto(pathToFileURL(file).href);
    return page;
  }

  /** Unfolds everything, and sees that nothing stands out on the right. */
  async function fits(page, width) {
    const wide = await page.evaluate(() => {
      for (const details of document.querySelectorAll("details")) details.open = true;
      const limit = document.documentElement.clientWidth;
      return { page: document.documentElement.scrollWidth, limit };
    });
    assert.ok(wide.page <= wide.limit, `${wide.page} px wide on ${width} px`);
  }

  /** Nothing that WCAG 2.2 AA forbids, as far as a program can tell. */
  async function isAccessible(page) {
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => globalThis.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] }));
    assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.slice(0, 3).map((node) => node.html)]), []);
  }

  return { browser, open, fits, isAccessible };
}
