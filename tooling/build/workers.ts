import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Options } from "tsup";

type Plugin = NonNullable<Options["esbuildPlugins"]>[number];
type PluginBuild = Parameters<Plugin["setup"]>[0];

const ADDRESS = /new URL\("(\.\/[\w-]*worker\.ts)", import\.meta\.url\)/g;

/**
 * A worker's code is written into the module that starts it, as a `data:` address.
 *
 * As a file it has to be found at run time beside a module that bundlers move elsewhere (esbuild, Rollup and tsup leave
 * the file behind), by way of `import.meta`, which is no syntax in what jest's and others' transforms make of a module.
 */
export function inlineWorkers(): Plugin {
  return {
    name: "inline-workers",
    setup({ esbuild, onLoad }) {
      onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }) => {
        const code = await readFile(path, "utf8");
        const files = [...code.matchAll(ADDRESS)].map(([, file = ""]) => file);
        if (files.length === 0) return null;
        const workers = new Map<string, string>();
        for (const file of files) workers.set(file, await bundled(esbuild, join(dirname(path), file)));
        const contents = code.replaceAll(ADDRESS, (_, file: string) => {
          return `new URL(${JSON.stringify(`data:text/javascript,${workers.get(file)}`)})`;
        });
        return { contents, loader: "ts", resolveDir: dirname(path) };
      });
    },
  };
}

/** The code of a worker and all it imports, as it stands in an address. */
async function bundled({ build }: PluginBuild["esbuild"], file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "node22",
    minify: true,
  });
  // No more than an address needs: what is left readable is also what compresses.
  return (outputFiles[0]?.text ?? "").trim().replaceAll(/[%#\t\n\r]/g, encodeURIComponent);
}
