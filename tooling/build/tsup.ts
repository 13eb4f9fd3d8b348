import { readFileSync } from "node:fs";
import type { Options } from "tsup";

export interface Entries {
  /** What `exports` names: gets declarations, too. */
  readonly faces: string[];
  /** What `imports` names, and workers. */
  readonly inner?: string[];
}

/** The one build of every published package; a `tsup.config.ts` names its entries and no more. */
export function library({ faces, inner = [] }: Entries): Options {
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
    // `node:test` has no other name.
    removeNodeProtocol: false,
    external: [/^#/, /^@rt\//, /^node:/],
    esbuildOptions(options) {
      // `sideEffects: false` speaks of what we publish. In here, `import "./x.ts"` is kept.
      options.ignoreAnnotations = true;
    },
  };
}
