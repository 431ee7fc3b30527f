// Opens HTML reports in a browser as people do: on a phone and on a desk, light and dark, with script and without, on paper.
//   node page.mjs CHROMIUM PICTURES REPORT.html REPORT.json [REPORT.html REPORT.json]...
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { browse } from "./browse.mjs";

const [executablePath, pictures, ...files] = process.argv.slice(2);
const { browser, open, fits, isAccessible } = await browse(executablePath);
let looked = 0;

for (let index = 0; index < files.length; index += 2) {
  const [file, report] = [files[index], JSON.parse(readFileSync(files[index + 1], "utf8"))];
  const failed = report.checks.filter((check) => check.status === "fail");
  for (const width of [390, 1280]) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await open(file, { viewport: { width, height: 844 }, colorScheme });
      assert.equal(await page.locator(".check").count(), report.checks.length);
      assert.equal(await page.locator(".check[open]").count(), report.checks.filter((check) => check.status !== "pass").length);
      await fits(page, width);
      for (const check of failed) {
        const entry = page.locator(`[id="${check.id}"]`);
        const copied = await entry.locator(".copied pre").allTextContents();
        assert.deepEqual(copied, [check.reproduce, check.replay], "what is copied is what the JSON report says");
        const shown = await entry.textContent();
        for (const words of [check.clause, check.message, check.expected, check.actual, check.hint]) {
          assert.ok(shown.includes(words), words);
        }
        assert.equal(await entry.locator(".exchange").count(), check.evidence.length);
      }
      await isAccessible(page);
      // The filter hides, and shows again.
      const box = page.locator(".filter input[value=fail]");
      await box.uncheck();
      assert.equal(await page.locator(".check.fail:visible").count(), 0);
      await box.check();
      assert.equal(await page.locator(".check.fail:visible").count(), failed.length);
      await page.locator(".copied button").first().click();
      await page.waitForFunction(() => document.querySelector(".copied button").textContent !== "copy");
      await page.screenshot({ path: `${pictures}/${basename(file, ".html")}-${width}-${colorScheme}.png` });
      await page.context().close();
      looked += 1;
    }
  }
  const plain = await open(file, { javaScriptEnabled: false, viewport: { width: 390, height: 844 } });
  assert.ok(await plain.getByText(failed[0].message).first().isVisible(), "it reads without script");
  assert.equal(await plain.locator(".copied button:visible").count(), 0, "no button that does nothing");
  await plain.context().close();
  const paper = await open(file, { viewport: { width: 1280, height: 844 } });
  await paper.emulateMedia({ media: "print" });
  assert.equal(await paper.locator("button:visible, .filter:visible").count(), 0);
  await paper.pdf({ path: `${pictures}/${basename(file, ".html")}.pdf` });
  await paper.context().close();
  looked += 2;
}
await browser.close();
console.log(`ok   HTML: ${looked} views of ${files.length / 2} reports`);
