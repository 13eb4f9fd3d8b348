/**
 * A project of a user's: the packed packages and the tools of `fixtures/package.json`, installed with npm in a folder away from
 * the repository, so that nothing is found but what was published.
 *
 * `RT_CONSUMERS_DIR` names a folder to keep and to use again; else it is a new one that is removed.
 */
import { execFile, type ExecFileException } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";
import type { TestProject } from "vitest/node";
import { ROOT } from "../workspace.ts";

declare module "vitest" {
  interface ProvidedContext {
    readonly dir: string;
  }
}

const PROJECT = join(import.meta.dirname, "fixtures");
const NPM_INSTALL = [
  "install",
  "--ignore-scripts",
  "--no-audit",
  "--no-fund",
  "--prefer-offline",
  "--loglevel=error",
];

export interface Outcome {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end, however it ends. */
function execute(
  command: string,
  args: readonly string[],
  options: { cwd: string; env?: Record<string, string> },
): Promise<Outcome> {
  const env = { ...process.env, ...options.env };
  // vitest's own are not for the programs of users.
  for (const name of Object.keys(env)) if (/^(NODE_|VITEST|JEST_|BABEL_)/.test(name)) delete env[name];
  return new Promise((resolve) => {
    execFile(command, args, { cwd: options.cwd, env, maxBuffer: 1e8 }, (error, out, err) => {
      resolve({ status: statusOf(error), out, err });
    });
  });
}

/** Runs a file of the project with this Node. */
export function node(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  return execute(process.execPath, args, { cwd: inject("dir"), env });
}

/** The same, where it has to go well. */
export async function succeed(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const { status, out, err } = await node(args, env);
  if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}\n${out}\n${err}`);
  return out;
}

function statusOf(error: ExecFileException | null): number {
  return error === null ? 0 : typeof error.code === "number" ? error.code : -1;
}

/** Run by vitest before all tests; gives what it runs behind them. */
export default async function setup(project: TestProject): Promise<() => void> {
  const kept = process.env["RT_CONSUMERS_DIR"];
  if (kept !== undefined) mkdirSync(kept, { recursive: true });
  const dir = kept ?? mkdtempSync(join(tmpdir(), "rt-consumers-"));
  const lock = "package-lock.json";
  const isInstalled =
    existsSync(join(dir, "node_modules")) &&
    readFileSync(join(dir, lock), "utf8") === readFileSync(join(PROJECT, lock), "utf8");
  for (const old of ["out", "tarballs", "node_modules/@rt"])
    rmSync(join(dir, old), { recursive: true, force: true });
  cpSync(PROJECT, dir, { recursive: true });
  const tarballs = join(dir, "tarballs");
  await Promise.all([
    must(ROOT, "pnpm", ["-r", "--filter", "./packages/*", "pack", "--pack-destination", tarballs]),
    // Not `npm ci`, which takes an optional dependency that a registry does not have for a fault of the lockfile.
    isInstalled ? undefined : must(dir, "npm", NPM_INSTALL),
  ]);
  const packed = readdirSync(tarballs).map((file) => `./tarballs/${file}`);
  await must(dir, "npm", [...NPM_INSTALL, "--no-save", ...packed]);
  for (const suffix of ["ts", "mts", "cts"])
    cpSync(join(dir, "types/program.txt"), join(dir, `types/program.${suffix}`));
  project.provide("dir", dir);
  return () => {
    if (kept === undefined) rmSync(dir, { recursive: true });
  };
}

async function must(cwd: string, command: string, args: readonly string[]): Promise<void> {
  const { status, out, err } = await execute(command, args, { cwd });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}\n${out}\n${err}`);
}
