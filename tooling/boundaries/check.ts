/**
 * The package boundaries, as a check.
 *
 * A package imports its own files, what its package.json lists, and of its siblings only what `graph.ts` allows and
 * only through the faces in their `exports`.
 */
import { existsSync, globSync, readFileSync, readdirSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join, posix } from "node:path";
import { BROWSER_CAPABLE, NO_DEPENDENCIES, PLATFORM_FILE, allowedFor } from "./graph.ts";
import { importsOf, type Import } from "./imports.ts";

const SCOPE = "@rt/";
/** What test files may import without listing it: the root of the workspace has it for all of them. */
const TEST_TOOLS = ["vitest", "fast-check", "typescript"];

interface Manifest {
  readonly name: string;
  readonly imports?: Record<string, unknown>;
  readonly exports?: Record<string, unknown>;
  readonly dependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
  readonly peerDependenciesMeta?: Record<string, { readonly optional?: boolean }>;
  readonly optionalDependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}

interface Package {
  /** The folder's name: the package's name without the scope. */
  readonly short: string;
  readonly dir: string;
  readonly manifest: Manifest;
}

/** Every breach below `packagesDir`, one line each; empty when all is well. */
export function checkBoundaries(packagesDir: string): string[] {
  const packages = new Map<string, Package>();
  for (const short of readdirSync(packagesDir).toSorted()) {
    const dir = join(packagesDir, short);
    if (!existsSync(join(dir, "package.json"))) continue;
    const manifest = JSON.parse(readFileSync(join(dir, "package.json"), "utf8")) as Manifest;
    packages.set(manifest.name, { short, dir, manifest });
  }
  return [...packages.values()].flatMap((pkg) => [...checkManifest(pkg), ...checkFiles(pkg, packages)]);
}

function checkManifest({ short, manifest }: Package): string[] {
  const where = `packages/${short}/package.json`;
  const allowed = allowedFor(short);
  if (manifest.name !== SCOPE + short) return [`${where}: the name must be ${SCOPE}${short}`];
  if (allowed === undefined) return [`${where}: ${short} is not in tooling/boundaries/graph.ts`];
  return runtimeDependencies(manifest).flatMap((name) => {
    if (!name.startsWith(SCOPE)) {
      return NO_DEPENDENCIES.includes(short)
        ? [`${where}: depends on ${name}, but may have no dependencies`]
        : [];
    }
    return allowed.has(name.slice(SCOPE.length))
      ? []
      : [`${where}: the graph does not let it depend on ${name}`];
  });
}

function checkFiles(pkg: Package, packages: Map<string, Package>): string[] {
  return globSync("{src,test}/**/*.ts", { cwd: pkg.dir })
    .toSorted()
    .flatMap((file) =>
      importsOf(file, readFileSync(join(pkg.dir, file), "utf8")).flatMap((found) => {
        const breach = checkImport(pkg, packages, file.replaceAll("\\", "/"), found);
        return breach === undefined ? [] : [`packages/${pkg.short}/${file}:${found.line}: ${breach}`];
      }),
    );
}

/** Why `file` may not import this; `undefined` when it may. */
function checkImport(
  pkg: Package,
  packages: Map<string, Package>,
  file: string,
  { specifier, isUrl }: Import,
): string | undefined {
  const isTest = file.startsWith("test/");
  if (isUrl || specifier.startsWith(".")) {
    const target = posix.join(posix.dirname(file), specifier);
    if (target.startsWith("../")) return `${specifier} leaves the package`;
    return !isTest && !target.startsWith("src/") ? `${specifier} leaves src` : undefined;
  }
  if (specifier.startsWith("#")) {
    return specifier in (pkg.manifest.imports ?? {})
      ? undefined
      : `${specifier} is not in the package's imports`;
  }
  if (isBuiltin(specifier)) {
    if (!specifier.startsWith("node:")) return `${specifier} must be written node:${specifier}`;
    if (!BROWSER_CAPABLE.includes(pkg.short)) return undefined;
    if (isTest) {
      return file.endsWith(".node.test.ts") || !file.endsWith(".test.ts")
        ? undefined
        : `a test that imports ${specifier} can't run in browsers: name it *.node.test.ts`;
    }
    return PLATFORM_FILE.test(file) ? undefined : `${specifier} in a package that also runs in browsers`;
  }
  const [name, face] = splitSpecifier(specifier);
  const listed = [
    pkg.manifest.name,
    ...runtimeDependencies(pkg.manifest),
    ...Object.keys(pkg.manifest.peerDependencies ?? {}),
    ...(isTest ? [...Object.keys(pkg.manifest.devDependencies ?? {}), ...TEST_TOOLS] : []),
  ];
  if (!listed.includes(name)) return `${name} is not a dependency in package.json`;
  if (!isTest && name === pkg.manifest.name) return `${specifier} imports its own package by name`;
  const sibling = packages.get(name);
  if (sibling === undefined) return name.startsWith(SCOPE) ? `there is no package ${name}` : undefined;
  return face in (sibling.manifest.exports ?? {}) ? undefined : `${specifier} is not a face of ${name}`;
}

/** What is installed with the package: an optional peer is the user's own affair. */
function runtimeDependencies(manifest: Manifest): string[] {
  const { dependencies, peerDependencies, peerDependenciesMeta, optionalDependencies } = manifest;
  const peers = Object.keys(peerDependencies ?? {}).filter(
    (name) => peerDependenciesMeta?.[name]?.optional !== true,
  );
  return [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers];
}

/** `@rt/core/driver` is the package `@rt/core` and its face `./driver`. */
function splitSpecifier(specifier: string): [name: string, face: string] {
  const parts = specifier.split("/");
  const length = specifier.startsWith("@") ? 2 : 1;
  return [parts.slice(0, length).join("/"), [".", ...parts.slice(length)].join("/")];
}
