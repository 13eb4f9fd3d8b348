/** `pnpm test:nodes`: the suites of the built packages, on the other Nodes of `engines`. */
import { join } from "node:path";
import { ROOT, run, suites } from "../workspace.ts";

const HERE = import.meta.dirname;
const VITEST = join(ROOT, "node_modules/vitest/vitest.mjs");

if (!run("pnpm", ["install", "--frozen-lockfile"], { cwd: HERE })) process.exit(1);
for (const node of ["node22", "node26"]) {
  const binary = join(HERE, "node_modules", node, "bin/node");
  for (const { name, dir } of suites()) {
    console.log(`\n${name} on ${node}`);
    run(binary, [VITEST, "run"], { cwd: dir, env: { RT_TEST_DIST: "1", RT_REPORT: node } });
  }
}
