/** Directories with options. */
import type { Future } from "@rt/core";
import { mkdir, type PathLike } from "node:fs";
import { checkInteger } from "@rt/core/driver";
import { action } from "./internal/pool.ts";

/**
 * Makes directories, with a mode and with those above them.
 * @example
 * ```ts
 * import { tmpdir } from "node:os";
 * const root = `${tmpdir()}/rt-doc-dir-builder`;
 * yield* new DirBuilder().recursive(true).mode(0o700).create(`${root}/a/b`);
 * const made = (yield* metadata(`${root}/a`)).isDir();
 * yield* removeDirAll(root);
 * made; // => true
 * ```
 * @see Tokio `fs::DirBuilder`
 * @public
 */
export class DirBuilder {
  #recursive = false;
  #mode = 0o777;

  /** Whether to make those above it too, and to be content when it is there. Not, by default. */
  recursive(recursive: boolean): this {
    this.#recursive = recursive;
    return this;
  }

  /** The permissions, less the umask, of each directory it makes; 0o777 by default. Nothing on Windows. */
  mode(mode: number): this {
    checkInteger("mode", mode, 0, 0o7777);
    this.#mode = mode;
    return this;
  }

  /**
   * Makes it.
   * @throws {@link IoError} of kind `AlreadyExists`, or `NotFound` when the one above it is not there.
   */
  create(path: PathLike): Future<void> {
    const options = { recursive: this.#recursive, mode: this.#mode };
    return action("a mkdir", path, (done) => mkdir(path, options, (error) => done(error)));
  }
}
