// Goes through the pages of `conformance demo` as people do: from the first page into each report and back.
//   node demo.mjs CHROMIUM PICTURES DIRECTORY
import assert from "node:assert/strict";
import { join } from "node:path";
import { browse } from "./browse.mjs";

const [executablePath, pictures, directory] = process.argv.slice(2);
const { browser, open, fits, isAccessible } = await browse(executablePath);
let seen = 0;

for (const width of [390, 1280]) {
  const page = await open(join(directory, "index.html"), { viewport: { width, height: 844 } });
  await fits(page, width);
  await isAccessible(page);
  await page.screenshot({ path: `${pictures}/demo-${width}.png` });
  const links = page.locator("a[href$='.html']");
  const count = await links.count();
  assert.ok(count >= 8, `${count} reports`);
  for (let index = 0; index < count; index += 1) {
    const href = await links.nth(index).getAttribute("href");
    await links.nth(index).click();
    await page.locator(".check").first().waitFor({ state: "attached" });
    const failed = await page.locator(".check.fail").count();
    assert.equal(failed === 0, href.includes("correct"), `${href}: ${failed} checks failed`);
    await fits(page, width);
    await isAccessible(page);
    await page.goBack();
    seen += 1;
  }
  await page.context().close();
}
await browser.close();
console.log(`ok   demo: ${seen} views of the reports that its first page leads to`);
