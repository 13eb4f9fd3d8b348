import { globSync, readFileSync } from "node:fs";
import type { Options } from "tsup";
import { asWritten } from "./as-written.ts";
import { flatClasses } from "./flat-classes.ts";
import { inlineWorkers } from "./workers.ts";

export interface Entries {
  /** What `exports` names: gets declarations, too. */
  readonly faces: string[];
  /** What `imports` names. */
  readonly inner?: string[];
  /** Classes that what extends them does without: see `flatClasses`. Those of `Future` need no mention. */
  readonly flat?: string[];
  /** Gives members that are this package's own affair short names. */
  readonly short?: ShortNames;
}

interface ShortNames {
  /** Members called `_name` are renamed, but for these. */
  readonly keep: readonly string[];
  /** Other members that are renamed. No public member may have such a name. */
  readonly also: readonly string[];
}

/** The one build of every published package; a `tsup.config.ts` names its entries and no more. */
export function library({ faces, inner = [], flat = [], short }: Entries): Options {
  // A package that maps `#names` needs the condition to find their sources. The others are built against what
  // their siblings publish, so that they can't lean on a sibling's `@internal` members.
  const customConditions = manifest().imports === undefined ? [] : ["@rt/source"];
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
    external: [/^node:/],
    // Left to the plugin, though `dependencies` names them.
    noExternal: [/^@rt\//],
    esbuildPlugins: [ownNames(), siblings(), inlineWorkers()],
    plugins: [{ name: "for-v8", renderChunk: (code) => ({ code: flatClasses(asWritten(code), flat) }) }],
    esbuildOptions(options) {
      // `sideEffects: false` speaks of what we publish. In here, `import "./x.ts"` is kept.
      options.ignoreAnnotations = true;
      if (short === undefined) return;
      const names = shortNames(short);
      options.mangleProps = new RegExp(`^(${Object.keys(names).join("|")})$`);
      options.mangleCache = names;
    },
  };
}

/**
 * `#platform` is written as `@rt/core/internal/platform`: the package's own name, which `exports` leads on by the same
 * conditions. Resolvers that know neither `imports` nor `exports` find it, too, because it is a folder in the packed
 * package (`tooling/stubs/stubs.ts`).
 */
function ownNames(): NonNullable<Options["esbuildPlugins"]>[number] {
  return {
    name: "own-names",
    setup(build) {
      const { name } = manifest();
      build.onResolve({ filter: /^#/ }, ({ path }) => ({
        path: `${name}/internal/${path.slice(1)}`,
        external: true,
      }));
    },
  };
}

/**
 * What is imported from a sibling becomes a constant of the bundle, for the same reason: V8 looks an import up each time,
 * and knows nothing of its value. (A semaphore's acquire took 26 ns, now 22; a message over a bounded channel 43 and 41.)
 */
function siblings(): NonNullable<Options["esbuildPlugins"]>[number] {
  const names = siblingNames();
  return {
    name: "siblings",
    setup(build) {
      build.onResolve({ filter: /^@rt\// }, ({ path, namespace }) =>
        namespace === "sibling" || !names.has(path)
          ? { path, external: true }
          : { path, namespace: "sibling" },
      );
      build.onLoad({ filter: /./, namespace: "sibling" }, ({ path }) => {
        const used = [...(names.get(path) ?? [])];
        const specifiers = used.map((name) => `${name} as $${name}`).join(", ");
        const constants = used.map((name) => `export const ${name} = $${name};\n`).join("");
        return { contents: `import { ${specifiers} } from "${path}";\n${constants}` };
      });
    },
  };
}

/**
 * The values that the sources import from each sibling. What is only passed on is left as it is, and so are siblings
 * that are passed on as a whole.
 */
function siblingNames(): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>();
  const code = sources();
  const lists = [...code.matchAll(/^(im|ex)port \{([^}]*)\} from "(@rt\/[^"]+)"/gm)];
  for (const [, kind, , path = ""] of lists) if (kind === "im") names.set(path, new Set());
  for (const [, , list = "", path = ""] of lists)
    for (const name of list.split(",").map((item) => item.trim().replace(/ as .*/, "")))
      if (name !== "" && !name.startsWith("type ")) names.get(path)?.add(name);
  for (const [, path = ""] of code.matchAll(/^(?:im|ex)port \*.* from "(@rt\/[^"]+)"/gm)) names.delete(path);
  return names;
}

function manifest(): { readonly name: string; readonly imports?: object } {
  return JSON.parse(readFileSync("package.json", "utf8")) as ReturnType<typeof manifest>;
}

function sources(): string {
  return globSync("src/**/*.ts")
    .map((file) => readFileSync(file, "utf8"))
    .join("\n");
}

/**
 * A short name for each member, the most frequent first; the same ones in every build of a version, because copies of a
 * package share objects.
 *
 * Members marked `@internal` are on public classes: they become `$a`, `$b`, …, so that no class which extends one has
 * a member of that name by accident. The others become a, b, ….
 */
function shortNames({ keep, also }: ShortNames): Record<string, string> {
  const code = sources();
  const onPublic = new Set(
    [...code.matchAll(/@internal[^/]*\*\/\s+(?:[a-z]+ )*(_\w+)/g)].map(([, name]) => name),
  );
  const words = new Map<string, number>();
  for (const [word] of code.replaceAll(/\/\*\*[^]*?\*\/|\/\/ .*/g, "").matchAll(/(?<![\w$])\w+/g))
    words.set(word, (words.get(word) ?? 0) + 1);
  const names = [...words]
    .filter(([word]) => (/^_[a-z]/.test(word) && !keep.includes(word)) || also.includes(word))
    .toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .map(([word]) => word);
  // It would not be found under its new name.
  for (const name of names) if (code.includes(`"${name}"`)) throw new Error(`"${name}" is used as a key`);
  let plain = 0;
  let marked = 0;
  function next(): string {
    const name = nth(plain++);
    return words.has(name) ? next() : name;
  }
  return Object.fromEntries(names.map((name) => [name, onPublic.has(name) ? `$${nth(marked++)}` : next()]));
}

const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** a, b, … Z, aa, ab, … */
function nth(index: number): string {
  const rest = Math.floor(index / LETTERS.length);
  return (rest === 0 ? "" : nth(rest - 1)) + LETTERS[index % LETTERS.length];
}
