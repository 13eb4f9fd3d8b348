/**
 * Builds the Tokio contestant, if this machine can.
 *
 * Where Debian's crates are installed (`librust-tokio-dev`) it builds offline from them, in a copy of the project:
 * Debian's own checksums must not end in a lock file beside sources that others build from crates.io.
 */

import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

export interface TokioBinary {
  readonly file: string;
  readonly version: string;
}

const PROJECT = join(import.meta.dirname, "../tokio");
const TARGET = join(PROJECT, "target");
const DEBIAN_CRATES = "/usr/share/cargo/registry";

/** The binary, or undefined after a notice on standard error. */
export function buildTokio(): TokioBinary | undefined {
  const cargo = spawnSync("cargo", ["--version"], { stdio: "ignore" });
  if (cargo.error !== undefined || cargo.status !== 0) return leftOut("there is no cargo");

  const offline = existsSync(DEBIAN_CRATES);
  const folder = offline ? stageCopy() : PROJECT;
  const args = ["build", "--release", "--quiet", "--target-dir", TARGET, ...(offline ? debianSource() : [])];
  const build = spawnSync("cargo", args, {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
  });
  if (build.status !== 0) return leftOut(`cargo could not build it:\n${build.stderr.trim()}`);
  return { file: join(TARGET, "release/tokio-bench"), version: lockedVersion(join(folder, "Cargo.lock")) };
}

function leftOut(reason: string): undefined {
  process.stderr.write(`Tokio is left out: ${reason}\n`);
  return undefined;
}

function stageCopy(): string {
  const copy = join(TARGET, "offline");
  rmSync(join(copy, "src"), { recursive: true, force: true }); // files that are no more
  for (const part of ["Cargo.toml", "src"]) {
    cpSync(join(PROJECT, part), join(copy, part), { recursive: true, preserveTimestamps: true });
  }
  return copy;
}

function debianSource(): string[] {
  const settings = ['source.crates-io.replace-with="debian"', `source.debian.directory="${DEBIAN_CRATES}"`];
  return ["--offline", ...settings.flatMap((setting) => ["--config", setting])];
}

function lockedVersion(lockFile: string): string {
  const lock = readFileSync(lockFile, "utf8");
  return /name = "tokio"\nversion = "([^"]+)"/.exec(lock)?.[1] ?? "unknown";
}
