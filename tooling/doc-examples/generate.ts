/**
 * Writes a package's examples to its `.examples/` folder: one module each, and one test file that runs them all.
 * `tsc` checks them there, vitest runs them.
 */
import { existsSync, globSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { nameOf, parse, type SyntaxNode } from "../syntax/parse.ts";
import { exampleName, examplesOf, type Example } from "./extract.ts";
import { toModule, type Face } from "./module.ts";

const FOLDER = ".examples";

/** `docExamples` in package.json names other places to look than the package's own sources and README. */
const DEFAULT_PLACES = ["src/**/*.ts", "README.md"];

export function generate(packageDir: string): Example[] {
  const dir = resolve(packageDir);
  const manifest = JSON.parse(readFileSync(join(dir, "package.json"), "utf8")) as Manifest;
  const face = faceOf(dir, manifest.name);
  const examples = globSync(manifest.docExamples ?? DEFAULT_PLACES, { cwd: dir })
    .map((file) => file.replaceAll("\\", "/"))
    .toSorted()
    .flatMap((file) => examplesOf(file, readFileSync(join(dir, file), "utf8")));

  const files = new Map<string, string>();
  const tests: string[] = [];
  for (const example of examples) {
    const { source, hasBody } = toModule(example, face, basename(dir));
    const file = `${exampleName(example)
      .replaceAll(/[^\w-]+/g, "-")
      .replace(/^-/, "")}.ts`;
    if (files.has(file)) throw new Error(`Two examples would be called ${file}`);
    files.set(file, source);
    const run = hasBody ? `await (await import("./${file}")).example();` : `await import("./${file}");`;
    if (example.runs) tests.push(`it(${JSON.stringify(exampleName(example))}, async () => {\n  ${run}\n});`);
  }
  if (tests.length > 0)
    files.set("examples.test.ts", ['import { it } from "vitest";', ...tests, ""].join("\n"));
  write(join(dir, FOLDER), files);
  return examples;
}

interface Manifest {
  readonly name: string;
  readonly docExamples?: string[];
}

/** The names that `src/index.ts` exports; it lists them one by one. */
function faceOf(dir: string, packageName: string): Face | undefined {
  const file = join(dir, "src/index.ts");
  if (!existsSync(file)) return undefined;
  const names = new Map<string, "type" | "value">();
  for (const statement of parse(file, readFileSync(file, "utf8")).program["body"] as SyntaxNode[]) {
    const allTypes = statement["exportKind"] === "type";
    const add = (exported: unknown, isType: boolean): void => {
      const name = nameOf(exported);
      if (name !== undefined) names.set(name, isType ? "type" : "value");
    };
    if (statement.type === "ExportAllDeclaration") add(statement["exported"], allTypes);
    if (statement.type !== "ExportNamedDeclaration") continue;
    for (const specifier of statement["specifiers"] as SyntaxNode[]) {
      add(specifier["exported"], allTypes || specifier["exportKind"] === "type");
    }
  }
  return { packageName, names };
}

/** Leaves files alone that are right already: a watcher, or another task, may be reading them. */
function write(folder: string, files: ReadonlyMap<string, string>): void {
  if (files.size === 0) return rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const old of readdirSync(folder)) if (!files.has(old)) rmSync(join(folder, old));
  for (const [file, text] of files) {
    const path = join(folder, file);
    if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeFileSync(path, text);
  }
}
