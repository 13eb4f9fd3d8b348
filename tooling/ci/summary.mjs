/**
 * Prints `N passed, N failed` for everything that vitest executed since the reports were removed.
 *
 * With `--failed`, a vitest run went wrong: at least one failure is counted, were it that no report came of it.
 * Plain JavaScript, because it must also run on a machine where nothing could be installed.
 */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const root = new URL("../..", import.meta.url).pathname;
const folders = ["packages", "."].flatMap((parent) =>
  readdirSync(join(root, parent), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules")
    .map((entry) => join(root, parent, entry.name, ".reports")),
);

let passed = 0;
let failed = 0;
let skipped = 0;
for (const folder of folders.filter((name) => existsSync(name))) {
  for (const file of readdirSync(folder)) {
    const report = JSON.parse(readFileSync(join(folder, file), "utf8"));
    passed += report.numPassedTests;
    failed += report.numFailedTests;
    skipped += report.numPendingTests + report.numTodoTests;
    // A file that could not even be loaded has no tests to count.
    const broken = report.testResults.filter(
      (result) =>
        result.status === "failed" && !result.assertionResults.some(({ status }) => status === "failed"),
    );
    failed += broken.length;
  }
}
if (process.argv.includes("--failed")) failed = Math.max(failed, 1);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
