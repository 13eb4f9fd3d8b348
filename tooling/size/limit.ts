/** How large an entry may be: bundled with all it imports, minified, gzipped. */
import type { SizeLimitConfig } from "size-limit";

/**
 * One limit for Node and one for browsers, since the two load different files.
 *
 * @param external - siblings that are left out: they have limits of their own.
 * @param used - the names that a program imports (`{ a, b }`); else everything counts.
 */
export function entry(
  name: string,
  path: string,
  limit: string,
  external: readonly string[] = [],
  used?: string,
): SizeLimitConfig {
  return (["node", "browser"] as const).map((platform) => ({
    name: `${name} (${platform})`,
    path,
    limit,
    gzip: true,
    ...(used !== undefined && { import: used }),
    modifyEsbuildConfig: (config) => ({ ...config!, platform, format: "esm", external: [...external] }),
  }));
}
