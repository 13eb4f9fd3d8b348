/** `pnpm pack:check`: what npm would publish, seen with publint, are-the-types-wrong and our own eyes. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Manifest, stubsOf } from "../stubs/stubs.ts";
import { packages, run } from "../workspace.ts";

/** Sub-paths that are the packages' own affair, and have no declarations. */
const INTERNAL = ["internal/platform"];

for (const { name, dir } of packages().filter((pkg) => !pkg.private)) {
  console.log(`\n${name}`);
  const folder = mkdtempSync(join(tmpdir(), "pack-"));
  try {
    run("pnpm", ["pack", "--pack-destination", folder], { cwd: dir });
    const tarball = join(folder, readdirSync(folder)[0] ?? "");
    run("publint", ["run", tarball, "--strict"]);
    // TypeScript's `node10` is looked at, too. `require` gives an ES module, which every Node of `engines` can do.
    run("attw", [tarball, "--ignore-rules", "cjs-resolves-to-esm", "--exclude-entrypoints", ...INTERNAL]);
    for (const problem of problemsOf(tarball)) {
      console.error(problem);
      process.exitCode = 1;
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * The tarball holds what is built and no sources, its package.json points at nothing else, and those who don't know
 * `exports` find a folder for each sub-path.
 */
function problemsOf(tarball: string): string[] {
  const tar = (...args: string[]): string => execFileSync("tar", args, { encoding: "utf8" });
  const files = tar("-tf", tarball)
    .trim()
    .split("\n")
    .map((file) => file.replace(/^package\//, "./"));
  const read = (file: string): unknown => JSON.parse(tar("-xOf", tarball, `package/${file}`));
  const manifest = read("package.json") as Manifest &
    Record<"imports" | "main" | "module" | "types", unknown>;
  const folders = [...stubsOf(manifest).keys()].map((folder) => `./${folder}/package.json`);
  const { exports, imports, main, module, types } = manifest;
  return [
    ...["./LICENSE", "./README.md", ...folders]
      .filter((file) => !files.includes(file))
      .map((file) => `${file} is missing`),
    ...files
      .filter(
        (file) => !/^\.\/(dist\/|package\.json$|README\.md$|LICENSE$)/.test(file) && !folders.includes(file),
      )
      .map((file) => `${file} is packed`),
    ...["main", "module", "types"]
      .filter((field) => manifest[field as "main"] === undefined)
      .map((field) => `package.json has no ${field}`),
    ...targetsOf([exports, imports, main, module, types])
      .filter((target) => !files.includes(target))
      .map((target) => `package.json points at ${target}, which is not packed`),
    ...folders
      .filter((file) => files.includes(file))
      .flatMap((file) =>
        targetsOf(read(file.slice("./".length)))
          .filter((target) => !files.includes(`./${join(dirname(file), target)}`))
          .map((target) => `${file} points at ${target}, which is not packed`),
      ),
  ];
}

function targetsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(targetsOf) : [];
}
