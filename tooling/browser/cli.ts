/** `pnpm test:browser`: the suites of the packages that run in browsers, in headless Chromium. */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { BROWSER_CAPABLE } from "../boundaries/graph.ts";
import { run, suites } from "../workspace.ts";
import { CHROMIUM } from "./chromium.ts";

const CONFIG = join(import.meta.dirname, "vitest.config.ts");

if (!existsSync(CHROMIUM)) {
  console.log(
    `There is no ${CHROMIUM}, so nothing is tested in a browser. RT_CHROMIUM can name another one.`,
  );
  if (process.env["RT_REQUIRE_TOOLS"] === "1") process.exitCode = 1;
} else {
  for (const { name, dir } of suites().filter((suite) => BROWSER_CAPABLE.includes(basename(suite.dir)))) {
    console.log(`\n${name} in Chromium`);
    run("vitest", ["run", "--config", CONFIG, "--root", dir], { cwd: dir });
  }
}
