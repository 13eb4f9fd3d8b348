/** The public names of a package, members and namespaces included, as TypeScript sees them. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** Gives `JoinHandle`, `JoinHandle.abort`, `mpsc.channel`, `[Symbol.dispose]` members, … of every face. */
export function publicNames(packageDir: string): Set<string> {
  const manifest = JSON.parse(readFileSync(join(packageDir, "package.json"), "utf8")) as {
    exports?: Record<string, string | { "@rt/source"?: string }>;
  };
  // What has no source is no face: `./package.json`, and what the build reaches under the package's own name.
  const faces = Object.values(manifest.exports ?? {})
    .flatMap((face) =>
      typeof face === "string" || face["@rt/source"] === undefined ? [] : [face["@rt/source"]],
    )
    .map((face) => join(packageDir, face))
    .filter((file) => existsSync(file));
  const program = ts.createProgram(faces, {
    target: ts.ScriptTarget.ES2023,
    lib: ["lib.esnext.d.ts"],
    module: ts.ModuleKind.NodeNext,
    customConditions: ["@rt/source"],
    allowImportingTsExtensions: true,
    noEmit: true,
    strict: true,
    types: [],
  });
  const checker = program.getTypeChecker();
  const names = new Set<string>();
  for (const face of faces) {
    const file = program.getSourceFile(face);
    const module = file && checker.getSymbolAtLocation(file);
    if (module !== undefined) addExports(checker, module, "", names);
  }
  return names;
}

function addExports(checker: ts.TypeChecker, module: ts.Symbol, prefix: string, names: Set<string>): void {
  for (const entry of checker.getExportsOfModule(module)) {
    const symbol = entry.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(entry) : entry;
    const name = prefix + entry.name;
    names.add(name);
    if (symbol.flags & ts.SymbolFlags.Module) {
      addExports(checker, symbol, `${name}.`, names);
      continue;
    }
    const types = [
      ...(symbol.flags & ts.SymbolFlags.Type ? [checker.getDeclaredTypeOfSymbol(symbol)] : []),
      ...(symbol.flags & ts.SymbolFlags.Value ? [checker.getTypeOfSymbol(symbol)] : []),
    ];
    for (const member of types.flatMap((type) => type.getProperties()))
      names.add(`${name}.${memberName(member)}`);
  }
}

/** TypeScript calls `[Symbol.dispose]` something like `__@dispose@12`. */
function memberName({ name }: ts.Symbol): string {
  const wellKnown = /^__@(\w+)@\d+$/.exec(name)?.[1];
  return wellKnown === undefined ? name : `[Symbol.${wellKnown}]`;
}
