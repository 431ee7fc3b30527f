// Holds a JSON report against its schema, and a Markdown report of the same run against the JSON report.
//   node documents.mjs REPORT.json SCHEMA.json REPORT.md
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import Ajv from "ajv/dist/2020.js";
import markdownIt from "markdown-it";

const [report, schema, page] = process.argv.slice(2).map((file) => readFileSync(file, "utf8"));
const document = JSON.parse(report);
const validate = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true }).compile(JSON.parse(schema));
assert.ok(validate(document), JSON.stringify(validate.errors, null, 1));
assert.equal(new Set(document.checks.map((check) => check.id)).size, document.checks.length, "each check once");
console.log(`ok   JSON: ${document.checks.length} checks, ${document.verdict}`);

// GitHub's dialect: HTML blocks are allowed, and only ours may be there.
const tokens = markdownIt({ html: true }).parse(page, {});
const of = (type) => tokens.filter((token) => token.type === type);
const text = (index) => tokens[index + 1].content;
const headings = tokens.flatMap((token, index) => (token.type === "heading_open" ? [[token.tag, text(index)]] : []));
assert.equal(headings.filter(([tag]) => tag === "h1").length, 1);
const told = document.checks.filter((check) => check.status !== "pass");
assert.deepEqual(
  headings.filter(([tag]) => tag === "h2").map(([, words]) => words.replace(/^\S+ /, "")),
  told.map((check) => check.id),
);
assert.equal(of("table_open").length, 1);
assert.equal(of("tbody_open").length, 1);
assert.equal(of("tr_open").length, document.checks.length + 1);
const fences = of("fence");
const lines = fences.filter((fence) => fence.info === "sh").map((fence) => fence.content.trimEnd());
assert.deepEqual(lines, told.map((check) => check.reproduce).filter(Boolean), "every curl line, as it is");
assert.equal(fences.filter((fence) => fence.info === "http").length, 2 * told.flatMap((check) => check.evidence).length);
for (const block of of("html_block")) {
  assert.match(block.content, /^(<details><summary>[^<>]*<\/summary>|<\/details>)\s*$/, "no markup but the page's own");
}
assert.ok(tokens.every((token) => (token.children ?? []).every((child) => child.type !== "html_inline")), "no inline HTML");
console.log(`ok   Markdown: ${lines.length} commands, ${told.length} sections`);
