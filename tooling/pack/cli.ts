/** `pnpm pack:check`: what npm would publish, seen with publint, are-the-types-wrong and our own eyes. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packages, run } from "../workspace.ts";

for (const { name, dir } of packages().filter((pkg) => !pkg.private)) {
  console.log(`\n${name}`);
  const folder = mkdtempSync(join(tmpdir(), "pack-"));
  try {
    run("pnpm", ["pack", "--pack-destination", folder], { cwd: dir });
    const tarball = join(folder, readdirSync(folder)[0] ?? "");
    run("publint", ["run", tarball, "--strict"]);
    run("attw", [tarball, "--profile", "esm-only"]);
    for (const problem of problemsOf(tarball)) {
      console.error(problem);
      process.exitCode = 1;
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The tarball holds what is built and no sources, and its package.json points at nothing else. */
function problemsOf(tarball: string): string[] {
  const tar = (...args: string[]): string => execFileSync("tar", args, { encoding: "utf8" });
  const files = tar("-tf", tarball)
    .trim()
    .split("\n")
    .map((file) => file.replace(/^package\//, "./"));
  const manifest = JSON.parse(tar("-xOf", tarball, "package/package.json")) as Record<
    "exports" | "imports",
    unknown
  >;
  return [
    ...["./LICENSE", "./README.md"]
      .filter((file) => !files.includes(file))
      .map((file) => `${file} is missing`),
    ...files
      .filter((file) => !/^\.\/(dist\/|package\.json$|README\.md$|LICENSE$)/.test(file))
      .map((file) => `${file} is packed`),
    ...targetsOf([manifest.exports, manifest.imports])
      .filter((target) => !files.includes(target))
      .map((target) => `package.json points at ${target}, which is not packed`),
  ];
}

function targetsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(targetsOf) : [];
}
