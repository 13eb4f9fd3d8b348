/** Builds our own packages, so that the contestants run what users install: each package's `dist`. */

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** @throws Error when a package cannot be built. */
export function buildPackages(): void {
  const turbo = join(ROOT, "node_modules/turbo/bin/turbo");
  if (!existsSync(turbo)) throw new Error("Cannot build the packages: run `pnpm install` at the root first");
  const args = [turbo, "run", "build", "--filter=@rt-internal/benches^...", "--output-logs=errors-only"];
  const build = spawnSync(process.execPath, args, {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1" },
  });
  if (build.status !== 0)
    throw new Error("Cannot run the benches: a package of ours does not build (see above)");
}

/** The version of a dependency of the benches, as installed. */
export function versionOf(packageName: string): string {
  const require = createRequire(import.meta.url);
  // Walks up from the entry point: not every package exports its package.json.
  for (
    let folder = dirname(require.resolve(packageName));
    folder !== dirname(folder);
    folder = dirname(folder)
  ) {
    const file = join(folder, "package.json");
    if (!existsSync(file)) continue;
    const { name, version } = JSON.parse(readFileSync(file, "utf8")) as { name?: string; version?: string };
    if (name === packageName && version !== undefined) return version;
  }
  return "unknown";
}
