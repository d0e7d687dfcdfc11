// count-tests.mjs RUST-LOG PLAYWRIGHT-REPORT: prints how many tests passed and
// failed, by what the runners themselves counted; nothing if neither ran.
import { existsSync, readFileSync } from "node:fs";

const [rustLog, browserReport] = process.argv.slice(2);
const counts = { passed: 0, failed: 0, skipped: 0 };
let counted = false;

const add = (passed, failed, skipped) => {
  counted = true;
  counts.passed += Number(passed);
  counts.failed += Number(failed);
  counts.skipped += Number(skipped);
};

if (existsSync(rustLog)) {
  const summary = /^test result: .*? (\d+) passed; (\d+) failed; (\d+) ignored/gm;
  for (const [, ...numbers] of readFileSync(rustLog, "utf8").matchAll(summary)) add(...numbers);
}
if (existsSync(browserReport)) {
  const { stats } = JSON.parse(readFileSync(browserReport, "utf8"));
  add(stats.expected, stats.unexpected + stats.flaky, stats.skipped);
}
if (counted) {
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
  console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
}
