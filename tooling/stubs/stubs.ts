/**
 * A folder for each sub-path of a package, for resolvers that don't know `exports`: Parcel as it comes, TypeScript's
 * `node10`, older jest, Metro, webpack 4. `@rt/core/driver` is to them the folder `driver`, and its `package.json` leads
 * on to the same file as `exports`.
 *
 * They exist in the packed package only: `prepack` makes them out of `exports`, `postpack` takes them away.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

type Target = string | { readonly [condition: string]: Target };

export interface Manifest {
  readonly exports?: Readonly<Record<string, Target>>;
  readonly publishConfig?: { readonly exports?: Readonly<Record<string, Target>> };
}

/** What the folders' `package.json` files hold, by the name of the folder. */
export function stubsOf({ exports, publishConfig }: Manifest): Map<string, Record<string, string>> {
  const stubs = new Map<string, Record<string, string>>();
  for (const [face, target] of Object.entries(publishConfig?.exports ?? exports ?? {})) {
    if (face === "." || typeof target === "string") continue;
    const folder = face.slice("./".length);
    stubs.set(folder, stub(target, "../".repeat(folder.split("/").length)));
  }
  return stubs;
}

/** Where the conditions differ, what Node takes is `main`, and browsers get the rest by a field of their own. */
function stub(target: Readonly<Record<string, Target>>, root: string): Record<string, string> {
  const main = fileOf(target["node"] ?? target["default"]);
  const rest = fileOf(target["default"]);
  const types = target["types"] === undefined ? undefined : fileOf(target["types"]);
  const from = (file: string): string => root + file.slice("./".length);
  return {
    main: from(main),
    // The same: those who don't know `exports` may still ask for the module first.
    module: from(main),
    ...(rest !== main && { browser: from(rest) }),
    ...(types !== undefined && { types: from(types) }),
  };
}

function fileOf(target: Target | undefined): string {
  if (typeof target === "string") return target;
  throw new TypeError(
    `Cannot make a folder for ${JSON.stringify(target)}: only one level of conditions is known`,
  );
}

/** Makes the folders of a package. */
export function writeStubs(dir: string): void {
  for (const [folder, content] of stubsOf(manifestIn(dir))) {
    mkdirSync(join(dir, folder), { recursive: true });
    writeFileSync(join(dir, folder, "package.json"), `${JSON.stringify(content, null, 2)}\n`);
  }
}

/** Takes them away, and nothing that is not one of them. */
export function removeStubs(dir: string): void {
  const folders = [...stubsOf(manifestIn(dir)).keys()];
  for (const folder of folders) rmSync(join(dir, folder, "package.json"), { force: true });
  const all = new Set(
    folders.flatMap((folder) =>
      folder.split("/").map((_, depth, parts) => parts.slice(0, parts.length - depth).join("/")),
    ),
  );
  for (const folder of [...all].toSorted((a, b) => b.length - a.length))
    if (existsSync(join(dir, folder)) && readdirSync(join(dir, folder)).length === 0)
      rmdirSync(join(dir, folder));
}

function manifestIn(dir: string): Manifest {
  return JSON.parse(readFileSync(join(dir, "package.json"), "utf8")) as Manifest;
}
