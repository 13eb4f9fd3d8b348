import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { basename, dirname, join } from "node:path";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { LANES } from "./expected.ts";
import { succeed } from "./project.ts";

/** What each of `fixtures/build` leaves in `out/`. */
const OUTPUTS = {
  esbuild: ["esbuild/node.mjs", "esbuild/node.cjs", "esbuild/web.mjs"],
  tsup: ["tsup/node.mjs", "tsup/node.cjs"],
  rollup: ["rollup/node.mjs", "rollup/node.cjs", "rollup/web.mjs"],
  vite: ["vite-node/node.mjs", "vite-web/web.mjs"],
  webpack: ["webpack-node/node.mjs", "webpack-node/node.cjs", "webpack-web/web.cjs"],
  rspack: ["rspack-node/node.mjs", "rspack-node/node.cjs", "rspack-web/web.cjs"],
  parcel: ["parcel-esm/node.mjs", "parcel-cjs/node.cjs", "parcel-web/web.cjs"],
};

describe.each(Object.entries(OUTPUTS))("a program that %s made one file of", (tool, outputs) => {
  beforeAll(async () => {
    await succeed([`build/${tool}.mjs`]);
  });

  const forNode = outputs.filter((file) => basename(file).startsWith("node."));
  it.each(forNode)("%s: tasks, timers, channels, sockets and the watchdog work", async (file) => {
    const { out, err } = await run(file);
    expect(JSON.parse(out)).toEqual({ ...LANES, sockets: { echoes: ["one", "two"], watched: true } });
    expect(err).toMatch(/^(?:rt: .+ has been blocking its thread for \d+ ms\n)+$/);
    expect(importsAsyncHooks(file)).toBe(true);
  });

  const forBrowsers = outputs.filter((file) => basename(file).startsWith("web."));
  it.each(forBrowsers)(
    "%s: tasks, timers and channels work, with the browser's half of the core",
    async (file) => {
      const { out, err } = await run(file);
      expect([JSON.parse(out), err]).toEqual([LANES, ""]);
      expect(importsAsyncHooks(file)).toBe(false);
    },
  );
});

describe("a program that is not bundled", () => {
  it("gets the same from the packages as they are", async () => {
    expect(JSON.parse(await succeed(["programs/web.mjs"]))).toEqual(LANES);
  });
});

/** What Node's half of the core does and the other one does not. tsup takes the `node:` away. */
function importsAsyncHooks(file: string): boolean {
  return /["'`](?:node:)?async_hooks["'`]/.test(readFileSync(join(inject("dir"), "out", file), "utf8"));
}

/** Runs a file with its standard error in a file, where the program itself waits for what the watchdog says. */
async function run(file: string): Promise<{ out: string; err: string }> {
  const cwd = inject("dir");
  const stderr = join(cwd, "out/stderr", file);
  mkdirSync(dirname(stderr), { recursive: true });
  const fd = openSync(stderr, "w");
  const child = spawn(process.execPath, [join("out", file)], {
    cwd,
    env: { PATH: process.env["PATH"], RT_STDERR: stderr },
    stdio: ["ignore", "pipe", fd],
  });
  closeSync(fd);
  let out = "";
  child.stdout!.setEncoding("utf8").on("data", (chunk: string) => void (out += chunk));
  const [status] = (await once(child, "close")) as [number | null];
  const err = readFileSync(stderr, "utf8");
  if (status !== 0) throw new Error(`${file} ended with ${status}\n${out}\n${err}`);
  return { out, err };
}
