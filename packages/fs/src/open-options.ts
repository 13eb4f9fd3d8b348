/** How to open a file. */
import type { Future } from "@rt/core";
import { checkInteger } from "@rt/core/driver";
import { constants, type PathLike } from "node:fs";
import { openFile, type File } from "./file.ts";

const { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = constants;
const ACCESS_MODE: number = O_RDONLY | O_WRONLY | O_RDWR;

/**
 * Opens files the way one says. Everything is off at first.
 * @example
 * ```ts
 * import { tmpdir } from "node:os";
 * const path = `${tmpdir()}/rt-doc-open-options`;
 * const log = yield* new OpenOptions().append(true).create(true).open(path);
 * yield* log.writeAll("a line\n");
 * yield* log.close();
 * const text = yield* readToString(path);
 * yield* removeFile(path);
 * text; // => "a line\n"
 * ```
 * @see Tokio `fs::OpenOptions`
 * @public
 */
export class OpenOptions {
  #read = false;
  #write = false;
  #append = false;
  #truncate = false;
  #create = false;
  #createNew = false;
  #mode = 0o666;
  #customFlags = 0;

  /** To read from it. */
  read(read: boolean): this {
    this.#read = read;
    return this;
  }

  /** To write to it, from the start. */
  write(write: boolean): this {
    this.#write = write;
    return this;
  }

  /** To write at its end, wherever that is then. Implies `write`; does not create it. */
  append(append: boolean): this {
    this.#append = append;
    return this;
  }

  /** To throw away what is in it. Needs `write`. */
  truncate(truncate: boolean): this {
    this.#truncate = truncate;
    return this;
  }

  /** To make it where it is not there. Needs `write` or `append`. */
  create(create: boolean): this {
    this.#create = create;
    return this;
  }

  /** To make it, and to fail where it is there already. Needs `write` or `append`; `create` and `truncate` mean nothing then. */
  createNew(createNew: boolean): this {
    this.#createNew = createNew;
    return this;
  }

  /** The permissions, less the umask, of a file it makes; 0o666 by default. */
  mode(mode: number): this {
    checkInteger("mode", mode, 0, 0o7777);
    this.#mode = mode;
    return this;
  }

  /**
   * Further flags of the system, of `node:fs`'s `constants`; those for reading and writing mean nothing here. With
   * `O_NONBLOCK` nothing is waited for: what has nothing to do fails with `WouldBlock`, and opening a FIFO to write it,
   * which nobody reads, with the code `ENXIO`.
   */
  customFlags(flags: number): this {
    checkInteger("flags", flags, 0, 0x7fffffff);
    this.#customFlags = flags;
    return this;
  }

  /**
   * Opens the file. A FIFO waits for its other end, and keeps no thread of Node's pool meanwhile: to read it, until
   * somebody has opened it to write; to write it, until somebody reads it, which is looked for every 20 ms. For both, it
   * does not wait.
   *
   * Cancel safety: giving up closes it, whenever it is open.
   * @throws {@link IoError} of kind `InvalidInput` when the options contradict each other; `NotFound`, `AlreadyExists`,
   * `PermissionDenied` … from the system; `NotFound` as well when a FIFO is removed before somebody reads it.
   */
  open(path: PathLike): Future<File> {
    // Now, as the options may be changed before the first poll; a contradiction is told then, as all that can fail is.
    const flags = this.#flags();
    return openFile(path, flags, this.#mode, this.#append);
  }

  /** Those for the system; a text says what is wrong. */
  #flags(): number | string {
    const writes = this.#write || this.#append;
    if (!writes && !this.#read) return "neither read, write nor append is set";
    if (!writes && (this.#truncate || this.#create || this.#createNew))
      return "a file that is not written can't be created or truncated; set write";
    if (this.#append && this.#truncate && !this.#createNew)
      return "append and truncate contradict each other; set write instead of append";
    let flags = writes ? (this.#read ? O_RDWR : O_WRONLY) : O_RDONLY;
    if (this.#append) flags |= O_APPEND;
    if (this.#createNew) flags |= O_CREAT | O_EXCL;
    else flags |= (this.#create ? O_CREAT : 0) | (this.#truncate ? O_TRUNC : 0);
    return flags | (this.#customFlags & ~ACCESS_MODE);
  }
}
