import { build } from "esbuild";
import { describe, expect, it } from "vitest";

/** Bundles a program against the built packages, as a user's bundler does, and gives the code. */
async function bundle(program: string, platform: "node" | "browser"): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform,
  });
  return outputFiles[0]?.text ?? "";
}

async function evaluate(code: string): Promise<Record<string, unknown>> {
  return (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as Record<string, unknown>;
}

describe.each(["node", "browser"] as const)("a program bundled for %s", (platform) => {
  it("can await a future outside any task, with nothing else imported", async () => {
    const code = await bundle(
      'import { ready } from "@rt/core"; export const run = async () => await ready(5);',
      platform,
    );
    const { run } = await evaluate(code);
    expect(await (run as () => Promise<unknown>)()).toBe(5);
  });

  it("keeps nothing of a package that it does not use", async () => {
    expect(await bundle('import { ready } from "@rt/core"; export const x = 1;', platform)).not.toContain(
      "class",
    );
  });
});
