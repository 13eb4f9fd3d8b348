/** Whether a module is the one that the program was started with. */
import { UsageError } from "@rt/core";

/** What `import.meta` may know of its module. @public */
export interface ModuleMeta {
  readonly url?: string;
  /** Node 24.2 and later, Deno, Bun. */
  readonly main?: boolean;
}

/** The little of Node's `process` that is used, found without importing anything of Node's. */
interface ProcessLike {
  readonly argv?: readonly string[];
  readonly versions?: { readonly node?: string };
  exitCode?: number | string | null | undefined;
  getBuiltinModule?(name: "module"): { createRequire(from: string): { resolve(path: string): string } };
  getBuiltinModule?(name: "fs"): { realpathSync(path: string): string };
  getBuiltinModule?(name: "url"): { fileURLToPath(url: string): string };
  getBuiltinModule?(name: "worker_threads"): { readonly isMainThread: boolean };
}

/** Node's `process`, or `undefined` in a browser. */
export function hostProcess(): ProcessLike | undefined {
  const { process } = globalThis as { process?: ProcessLike };
  return process?.versions?.node === undefined ? undefined : process;
}

/**
 * @param meta - the `import.meta` of the module, where it was given.
 * @param above - the public function that the module called: the caller is looked for above it.
 */
export function isEntry(meta: ModuleMeta | undefined, above: (...args: never[]) => unknown): boolean {
  const process = hostProcess();
  if (process?.getBuiltinModule === undefined) return true; // a page runs what it loads
  // A worker may load the program's own module for the functions in it.
  if (!process.getBuiltinModule("worker_threads").isMainThread) return false;
  if (typeof meta?.main === "boolean") return meta.main;
  const file = meta?.url ?? callerOf(above);
  if (file === undefined) {
    throw new UsageError(
      "ERR_RT_INVALID_STATE",
      "Cannot tell whether this module is the program's entry; pass meta: import.meta to main",
    );
  }
  const script = process.argv?.[1];
  // node -e and the REPL have no script.
  if (script === undefined) return true;
  return realPath(process, file) === entryPath(process, script);
}

/** The file of the code that called `above`. */
function callerOf(above: (...args: never[]) => unknown): string | undefined {
  const stacks = Error as { prepareStackTrace?: unknown; stackTraceLimit?: number };
  const { prepareStackTrace, stackTraceLimit } = stacks;
  try {
    stacks.prepareStackTrace = (_error: unknown, sites: readonly { getFileName(): string | null }[]) => sites;
    stacks.stackTraceLimit = 1;
    const holder: { stack?: readonly { getFileName(): string | null }[] } = {};
    // Not every engine has it.
    (Error as { captureStackTrace?: (target: object, above: unknown) => void }).captureStackTrace?.(
      holder,
      above,
    );
    return holder.stack?.[0]?.getFileName() ?? undefined;
  } finally {
    stacks.prepareStackTrace = prepareStackTrace;
    if (stackTraceLimit !== undefined) stacks.stackTraceLimit = stackTraceLimit;
  }
}

function realPath(process: ProcessLike, file: string): string | undefined {
  try {
    const path = file.startsWith("file:") ? process.getBuiltinModule?.("url").fileURLToPath(file) : file;
    return path === undefined ? undefined : process.getBuiltinModule?.("fs").realpathSync(path);
  } catch {
    return file; // no file: a module made from a string
  }
}

/** `node folder` and `node file-without-extension` leave it to the loader to find the file. */
function entryPath(process: ProcessLike, script: string): string | undefined {
  try {
    return process.getBuiltinModule?.("module").createRequire(script).resolve(script);
  } catch {
    return realPath(process, script);
  }
}
