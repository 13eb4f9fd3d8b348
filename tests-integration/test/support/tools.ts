import { spawnSync } from "node:child_process";

/**
 * Whether the programs of a Debian package are there. Tests that need them are skipped without, and a notice says so;
 * with `RT_REQUIRE_TOOLS=1`, which `.ci/run` sets, they run and fail.
 */
export function hasTools(debianPackage: string, programs: readonly string[]): boolean {
  const missing = programs.filter((program) => spawnSync(program, ["--version"]).error !== undefined);
  if (missing.length === 0 || process.env["RT_REQUIRE_TOOLS"] === "1") return true;
  console.warn(`Skipped, because there is no ${missing.join(" and no ")}: apt-get install ${debianPackage}`);
  return false;
}
