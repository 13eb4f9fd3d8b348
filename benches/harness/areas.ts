/** An area is a folder of the benches with an `area.ts`; it mirrors a package. */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { AreaDefinition } from "./case.ts";

const BENCHES = join(import.meta.dirname, "..");

export interface Area extends AreaDefinition {
  readonly name: string;
  readonly folder: string;
}

export function areaNames(): string[] {
  return readdirSync(BENCHES).filter((name) => existsSync(join(BENCHES, name, "area.ts")));
}

/** @throws RangeError when there is no such area. */
export async function loadArea(name: string): Promise<Area> {
  if (!areaNames().includes(name))
    throw new RangeError(`No area "${name}"; there are: ${areaNames().join(", ")}`);
  const folder = join(BENCHES, name);
  // The compiler checks the default export there, with `satisfies AreaDefinition`.
  const module = (await import(pathToFileURL(join(folder, "area.ts")).href)) as { default: AreaDefinition };
  return { name, folder, ...module.default };
}
