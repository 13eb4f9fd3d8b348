/** What the system knows about a file. */
import type { Stats } from "node:fs";

/** The bits of a mode that are permissions. */
const PERMISSION_BITS = 0o7777;
const ANY_WRITE = 0o222;

/** What a {@link FileType} asks: `Stats` and `Dirent` of Node both answer. */
export interface FileKinds {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
  isBlockDevice(): boolean;
  isCharacterDevice(): boolean;
  isFIFO(): boolean;
  isSocket(): boolean;
}

/**
 * Whether something is a file, a directory, or what else.
 * @see Tokio `std::fs::FileType`
 * @public
 */
export class FileType {
  readonly #kinds: FileKinds;
  /** @internal */
  constructor(kinds: FileKinds) {
    this.#kinds = kinds;
  }
  isFile(): boolean {
    return this.#kinds.isFile();
  }
  isDir(): boolean {
    return this.#kinds.isDirectory();
  }
  isSymlink(): boolean {
    return this.#kinds.isSymbolicLink();
  }
  isBlockDevice(): boolean {
    return this.#kinds.isBlockDevice();
  }
  isCharDevice(): boolean {
    return this.#kinds.isCharacterDevice();
  }
  isFifo(): boolean {
    return this.#kinds.isFIFO();
  }
  isSocket(): boolean {
    return this.#kinds.isSocket();
  }
}

/**
 * Who may do what with a file, as the bits of its mode.
 * @example
 * ```ts
 * const shared = new Permissions(0o664);
 * shared.withReadonly(true).mode().toString(8); // => "444"
 * ```
 * @see Tokio `std::fs::Permissions`
 * @public
 */
export class Permissions {
  readonly #mode: number;
  /** @param mode - bits above 0o7777 are left out. */
  constructor(mode: number) {
    this.#mode = mode & PERMISSION_BITS;
  }
  mode(): number {
    return this.#mode;
  }
  /** True when nobody may write. */
  isReadonly(): boolean {
    return (this.#mode & ANY_WRITE) === 0;
  }
  /** The same, but nobody may write, or everybody may. @see Tokio `Permissions::set_readonly` */
  withReadonly(readonly: boolean): Permissions {
    return new Permissions(readonly ? this.#mode & ~ANY_WRITE : this.#mode | ANY_WRITE);
  }
}

/**
 * What the system knew about a file when it was asked.
 * @see Tokio `std::fs::Metadata`; what has no method here is in {@link Metadata.stats}
 * @public
 */
export class Metadata {
  readonly #stats: Stats;
  /** @internal */
  constructor(stats: Stats) {
    this.#stats = stats;
  }
  /** In bytes. */
  len(): number {
    return this.#stats.size;
  }
  isFile(): boolean {
    return this.#stats.isFile();
  }
  isDir(): boolean {
    return this.#stats.isDirectory();
  }
  isSymlink(): boolean {
    return this.#stats.isSymbolicLink();
  }
  fileType(): FileType {
    return new FileType(this.#stats);
  }
  permissions(): Permissions {
    return new Permissions(this.#stats.mode);
  }
  /** When its content was last changed. */
  modified(): Date {
    return this.#stats.mtime;
  }
  /** When it was last read, as far as the file system keeps that. */
  accessed(): Date {
    return this.#stats.atime;
  }
  /** When it was made, as far as the file system keeps that. */
  created(): Date {
    return this.#stats.birthtime;
  }
  /** All there is, as Node gives it: `ino`, `uid`, `nlink` … */
  stats(): Stats {
    return this.#stats;
  }
}
