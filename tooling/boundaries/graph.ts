/**
 * Which package may build on which: `docs` draws it, this file is it. A package may import those listed for it and
 * everything below them; nothing else.
 */
const GRAPH: Readonly<Record<string, readonly string[]>> = {
  core: [],
  time: ["core"],
  sync: ["core"],
  macros: ["core"],
  io: ["core"],
  "rt-multi-thread": ["core"],
  net: ["io"],
  fs: ["io"],
  signal: ["sync"],
  process: ["io", "signal"],
  stream: ["core", "sync", "time"],
  util: ["stream", "io"],
  test: ["*"],
  rt: ["*"],
};

/** These also run in browsers: `node:` only in the files that `PLATFORM_FILE` names. */
export const BROWSER_CAPABLE: readonly string[] = ["core", "sync", "time", "macros", "stream"];
export const PLATFORM_FILE: RegExp = /^src\/platform\/(node|watchdog)[^/]*\.ts$/;

/** These depend on nothing outside the family. */
export const NO_DEPENDENCIES: readonly string[] = [
  "core",
  "rt-multi-thread",
  "time",
  "sync",
  "io",
  "net",
  "fs",
  "signal",
  "process",
];

/** Everything that `name` may import, or `undefined` for a package the graph does not know. */
export function allowedFor(name: string): Set<string> | undefined {
  const direct = GRAPH[name];
  if (direct === undefined) return undefined;
  // "*" leaves out the other package that has it: those two stay apart from each other.
  if (direct.includes("*"))
    return new Set(Object.keys(GRAPH).filter((other) => !GRAPH[other]?.includes("*")));
  const allowed = new Set<string>();
  for (const next of direct) {
    allowed.add(next);
    for (const below of allowedFor(next) ?? []) allowed.add(below);
  }
  return allowed;
}
