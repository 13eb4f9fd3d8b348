import { type ViteUserConfig, defineConfig } from "vitest/config";

/** `pnpm test:consumers`: the packed packages in the hands of other people's tools. */
const config: ViteUserConfig = defineConfig({
  test: {
    include: ["*.test.ts"],
    globalSetup: "./project.ts",
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 240_000,
    hookTimeout: 240_000,
    reporters: ["default", "json"],
    outputFile: { json: "../.reports/consumers.json" },
  },
});
export default config;
