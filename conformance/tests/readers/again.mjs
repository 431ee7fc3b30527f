// Executes every curl line and every replay id of a failing run as printed: each has to show the same failure.
//   node again.mjs CONFORMANCE REPORT.json            the secret is in the environment variable SAMPLE_SECRET
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const [conformance, file] = process.argv.slice(2);
const report = JSON.parse(readFileSync(file, "utf8"));
const failed = report.checks.filter((check) => check.status === "fail");
assert.ok(failed.length > 0, "a run that fails is needed");
let lines = 0;
for (const check of failed) {
  const { response, fault } = check.evidence.find(({ step }) => !step.startsWith("control "));
  if (check.reproduce.includes("curl ")) {
    const curl = spawnSync("sh", ["-c", check.reproduce], { encoding: "utf8" });
    if (response && !fault) {
      assert.match(curl.stdout, new RegExp(`^HTTP/1\\.[01] ${response.status}`), `${check.reproduce}\n${curl.stdout}${curl.stderr}`);
      assert.ok(curl.stdout.endsWith(response.body), `${check.reproduce}\n${curl.stdout}`);
    } else {
      assert.notEqual(curl.status, 0, check.reproduce);
    }
    lines += 1;
  }
  const replayed = spawnSync(
    conformance,
    ["replay", check.replay, report.subject.target, "--secret-env", "SAMPLE_SECRET", "--format", "json"],
    { encoding: "utf8" },
  );
  assert.equal(replayed.status, 1, `${check.replay}: exit ${replayed.status}\n${replayed.stderr}`);
  const [again] = JSON.parse(replayed.stdout).checks;
  assert.equal(again.replay, check.replay);
  assert.equal(again.actual, check.actual, check.replay);
}
const whole = spawnSync(conformance, ["replay", file, report.subject.target, "--secret-env", "SAMPLE_SECRET"], { encoding: "utf8" });
assert.equal(whole.status, 1, whole.stderr);
console.log(`ok   again: ${lines} curl lines and ${failed.length} replay ids show the same failure`);
