import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { node } from "./project.ts";

const VM_MODULES = "--experimental-vm-modules";

interface Configuration {
  readonly testMatch: readonly string[];
  readonly transform: Readonly<Record<string, string>>;
  readonly transformIgnorePatterns?: readonly string[];
}

/** Babel makes CommonJS of everything, the packages included: what projects do that still require all modules. */
const TRANSFORMED: Configuration = {
  testMatch: ["**/jest/*.test.mjs"],
  transform: { "\\.m?js$": "<rootDir>/jest/transform.cjs" },
  transformIgnorePatterns: [],
};
const MODULES: Configuration = { testMatch: ["**/jest/*.test.mjs"], transform: {} };
const REQUIRED: Configuration = { testMatch: ["**/jest/*.test.cjs"], transform: {} };

describe("jest", () => {
  it.each([
    ["runs transformed modules", "jest", TRANSFORMED, []],
    ["runs modules as they are", "jest", MODULES, [VM_MODULES]],
    ["runs CommonJS that requires modules", "jest", REQUIRED, [VM_MODULES]],
    ["runs transformed modules, without knowing exports: jest 27", "jest27", TRANSFORMED, []],
    ["runs modules as they are, without knowing exports: jest 27", "jest27", MODULES, [VM_MODULES]],
  ] as const)("%s", async (_, jest, configuration, flags) => {
    const ofJest = createRequire(createRequire(join(inject("dir"), "package.json")).resolve(jest));
    const config = {
      ...configuration,
      rootDir: inject("dir"),
      moduleFileExtensions: ["js", "mjs", "cjs", "json"],
      // Those of this jest, whose name another one has here.
      testEnvironment: ofJest.resolve("jest-environment-node"),
      testRunner: ofJest.resolve("jest-circus/runner"),
      cacheDirectory: join(inject("dir"), "out", jest),
    };
    const bin = `node_modules/${jest}/bin/jest.js`;
    const { status, err } = await node([...flags, bin, "--ci", "-i", "--config", JSON.stringify(config)]);
    expect(err).toMatch(/^Tests: +\d+ passed, \d+ total$/m);
    expect(status).toBe(0);
  });
});
