/** What the systems have in common, and have not, in matters of descriptors. */
import { constants, openSync, readFileSync } from "node:fs";
import { platform, versions } from "node:process";

const { O_RDONLY, O_RDWR, O_WRONLY } = constants;
const ACCESS_MODE: number = O_RDONLY | O_WRONLY | O_RDWR;

/** Opening and reading do not wait. 0 on Windows, which has no such flag, and no FIFOs in its file systems either. */
export const O_NONBLOCK: number = constants.O_NONBLOCK ?? 0;
/** Opening a terminal does not make it the one that rules the process. */
const O_NOCTTY: number = constants.O_NOCTTY ?? 0;

/** To read, to write, or both, out of the flags of an `open`. */
export function accessOf(flags: number): number {
  return flags & ACCESS_MODE;
}

export function writes(access: number): boolean {
  return access !== O_RDONLY;
}

/**
 * Whether a socket of `node:net` can be made of a FIFO, and tells its readiness. Elsewhere than on Linux a FIFO that is
 * opened to be read is readable (at its end) before a writer has come; Bun's sockets tell nothing, Deno's can't be made.
 */
export const HAS_READINESS: boolean =
  platform === "linux" && versions["bun"] === undefined && versions["deno"] === undefined;

/** A name of whatever is open as `fd`. On Linux opening it opens that anew; elsewhere it is a duplicate. */
function nameOf(fd: number): string {
  return platform === "linux" ? `/proc/self/fd/${fd}` : `/dev/fd/${fd}`;
}

/** One more descriptor of what is open as `fd`. Waits as any `open` does, so say `O_NONBLOCK` where it must not. */
export function openAnew(fd: number, flags: number): number {
  return openSync(nameOf(fd), flags);
}

/** One more descriptor of a terminal, which blocks; `fd` itself where that can't be had. */
export function blockingTerminal(fd: number): number {
  const flags = flagsOf(fd);
  if (flags === null) return fd;
  try {
    return openAnew(fd, accessOf(flags) | O_NOCTTY);
  } catch {
    return fd;
  }
}

/** The flags that `fd` was opened with; null where the system does not tell. */
export function flagsOf(fd: number): number | null {
  if (platform !== "linux") return null;
  try {
    const found = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"));
    return found === null ? null : Number.parseInt(found[1] as string, 8);
  } catch {
    return null;
  }
}
