import { globSync, readFileSync } from "node:fs";
import type { Options } from "tsup";

export interface Entries {
  /** What `exports` names: gets declarations, too. */
  readonly faces: string[];
  /** What `imports` names, and workers. */
  readonly inner?: string[];
  /** Members called `_name` are this package's own affair, so they get short names; not those listed here. */
  readonly keep?: readonly string[];
}

/** The one build of every published package; a `tsup.config.ts` names its entries and no more. */
export function library({ faces, inner = [], keep }: Entries): Options {
  // A package that maps `#names` needs the condition to find their sources. The others are built against what
  // their siblings publish, so that they can't lean on a sibling's `@internal` members.
  const { imports } = JSON.parse(readFileSync("package.json", "utf8")) as { imports?: object };
  const customConditions = imports === undefined ? [] : ["@rt/source"];
  return {
    entry: [...faces, ...inner],
    outDir: "dist",
    format: "esm",
    platform: "neutral",
    target: ["node22", "es2022"],
    // What two entries share goes into one chunk, so that module state exists once.
    splitting: true,
    dts: { entry: faces, compilerOptions: { customConditions, ignoreDeprecations: "6.0" } },
    sourcemap: true,
    clean: true,
    minify: false,
    keepNames: false,
    external: [/^#/, /^@rt\//, /^node:/],
    esbuildOptions(options) {
      // `sideEffects: false` speaks of what we publish. In here, `import "./x.ts"` is kept.
      options.ignoreAnnotations = true;
      if (keep === undefined) return;
      options.mangleProps = /^_[a-z]/;
      options.mangleCache = shortNames(keep);
    },
  };
}

/**
 * A short name for each `_name` in the sources, the most frequent first; the same ones in every build of a version,
 * because copies of a package share objects.
 *
 * `$a` and so on: a class of the user's that extends one of ours shall not have a member of that name by accident.
 */
function shortNames(keep: readonly string[]): Record<string, string | false> {
  const counts = new Map<string, number>();
  for (const file of globSync("src/**/*.ts")) {
    for (const [name] of readFileSync(file, "utf8").matchAll(/(?<![\w$])_[a-z]\w*/g))
      counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const names = [...counts].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([name]) => name);
  const short = names.filter((name) => !keep.includes(name)).map((name, i) => [name, `$${nth(i)}`]);
  return Object.fromEntries([...keep.map((name) => [name, false]), ...short]);
}

const FIRST = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";

/** a, b, … _, aa, ab, … */
function nth(index: number): string {
  const rest = Math.floor(index / FIRST.length);
  return (rest === 0 ? "" : nth(rest - 1)) + FIRST[index % FIRST.length];
}
