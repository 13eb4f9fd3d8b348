/** The packages of the workspace, and running programs in them. */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT: string = fileURLToPath(new URL("..", import.meta.url));

export interface WorkspacePackage {
  readonly name: string;
  readonly dir: string;
  readonly private: boolean;
}

/** What is published, and what tests it. Both have suites. */
export function packages(): WorkspacePackage[] {
  return globSync(["packages/*/package.json", "tests-integration/package.json"], { cwd: ROOT })
    .toSorted()
    .map((file) => {
      const manifest = JSON.parse(readFileSync(join(ROOT, file), "utf8")) as Partial<WorkspacePackage>;
      return {
        name: manifest.name ?? file,
        dir: join(ROOT, dirname(file)),
        private: manifest.private === true,
      };
    });
}

/** Those with a test suite. */
export function suites(): WorkspacePackage[] {
  return packages().filter(({ dir }) => existsSync(join(dir, "vitest.config.ts")));
}

/** Runs a program in the foreground. Gives whether it went well, and sets the exit status when it did not. */
export function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): boolean {
  const env = { ...process.env, ...options.env };
  const { status, error } = spawnSync(command, args, { cwd: options.cwd ?? ROOT, env, stdio: "inherit" });
  if (error !== undefined) throw error;
  if (status !== 0) process.exitCode = 1;
  return status === 0;
}
