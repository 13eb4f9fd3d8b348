import { type ViteUserConfig, defineConfig } from "vitest/config";
import { generate } from "../doc-examples/generate.ts";

const CONDITION = "@rt/source";

/**
 * The one test configuration of every package.
 *
 * Tests import packages by name. They get the sources, or with `RT_TEST_DIST=1` what `build` made of them.
 * The examples of the docstrings are tests, too. Each run leaves a report in `.reports/`, for the sum in CI.
 */
export function suite(): ViteUserConfig {
  const fromSource = process.env["RT_TEST_DIST"] !== "1";
  const conditions = [...(fromSource ? [CONDITION] : []), "module", "node", "development|production"];
  generate(".");
  return defineConfig({
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: {
      include: ["test/**/*.test.ts", ".examples/*.test.ts"],
      // Those two look into the sources.
      exclude: fromSource ? [] : ["test/internal/**", "test/types/**"],
      // Not threads: tests start worker threads themselves.
      pool: "forks",
      execArgv: fromSource ? [`--conditions=${CONDITION}`] : [],
      // Suites of several packages share the cores, and tests start programs: only what hangs takes that long.
      testTimeout: 30_000,
      hookTimeout: 30_000,
      reporters: ["default", "json"],
      outputFile: { json: `.reports/${process.env["RT_REPORT"] ?? "vitest"}.json` },
    },
  });
}
