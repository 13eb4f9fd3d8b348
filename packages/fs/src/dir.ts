/** The entries of a directory. */
import { Future, Handle, PENDING, type Context, type Poll, type Waker } from "@rt/core";
import {
  closedProperly,
  holdClock,
  iterate,
  madeProgress,
  pollProceed,
  watchForgotten,
} from "@rt/core/driver";
import { opendir, type Dir, type Dirent, type PathLike } from "node:fs";
import { sep } from "node:path";
import { fileURLToPath } from "node:url";
import { callPool } from "./internal/busy-pool.ts";
import { disposed } from "./internal/disposed.ts";
import { ioError, PoolCall } from "./internal/pool.ts";
import { FileType, type Metadata } from "./metadata.ts";
import { symlinkMetadata } from "./paths.ts";

/** How many entries are fetched together. Tokio's number, and Node's. */
const BATCH = 32;

/**
 * An open directory of Node, and what was fetched of it.
 *
 * Node gives entries one by one, each in a turn of its own, though it has fetched many: so they are collected here.
 */
class Listing {
  readonly #dir: Dir;
  #batch: Dirent[] = [];
  /** The next of the batch. */
  #at = 0;
  #ended = false;
  #failure: unknown = null;
  #fetching = false;
  #closed = false;
  #waker: Waker | null = null;

  constructor(dir: Dir) {
    this.#dir = dir;
  }

  pollNext(cx: Context): Poll<Dirent | undefined> {
    const entry = this.#batch[this.#at];
    if (entry !== undefined) {
      this.#at += 1;
      return entry;
    }
    if (this.#failure !== null) {
      const failure = this.#failure;
      this.#failure = null;
      throw ioError(failure, this.#dir.path);
    }
    if (this.#ended) return undefined;
    this.#waker = cx.waker;
    if (!this.#fetching) this.#fetch();
    return PENDING;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // Behind a fetch that is under way.
    this.#dir.close(() => {});
    this.#wake();
  }

  #fetch(): void {
    this.#fetching = true;
    this.#batch = [];
    this.#at = 0;
    const release = holdClock(Handle.current());
    const onEntry = (error: Error | null, entry: Dirent | null): void => {
      if (this.#closed) return release();
      if (entry !== null && error === null) {
        this.#batch.push(entry);
        if (this.#batch.length < BATCH) return next();
      }
      this.#fetching = false;
      // What came before a failure is given first; asking again goes on behind it.
      this.#failure = error;
      this.#ended = error === null && entry === null;
      release();
      if (this.#ended) this.close();
      this.#wake();
    };
    const next = (): void => {
      try {
        callPool("a listing", this.#dir.path, (told: typeof onEntry) => this.#dir.read(told), onEntry);
      } catch (error) {
        onEntry(error as Error, null); // refused at once; it counts as told
      }
    };
    next();
  }

  #wake(): void {
    const waker = this.#waker;
    this.#waker = null;
    waker?.wake();
  }
}

/**
 * Gives the entries of a directory, without `.` and `..`, in the order of the system. Made by {@link readDir}; an async
 * iterable.
 *
 * It closes itself at the end, and when a `for await` is left; who stops earlier disposes of it.
 * @see Tokio `fs::ReadDir`
 * @public
 */
export class ReadDir implements AsyncIterable<DirEntry>, Disposable {
  readonly #path: string;
  #listing: Listing | null;

  /** @internal */
  constructor(path: string, dir: Dir) {
    this.#path = path;
    const listing = new Listing(dir);
    this.#listing = listing;
    watchForgotten(this, `a ReadDir of ${path}`, () => listing.close(), ReadDir);
  }

  /**
   * The next entry; `undefined` at the end.
   *
   * Fairness: each entry costs one unit of the budget.
   * Cancel safety: giving up loses nothing.
   * @throws {@link IoError}; the next call goes on behind what failed.
   * @see Tokio `ReadDir::next_entry`
   */
  nextEntry(): Future<DirEntry | undefined> {
    return new NextEntry(this, this.#path);
  }

  /** One step of {@link ReadDir.nextEntry}. Charges no budget; only the waker of the last poll is woken. @see Tokio `ReadDir::poll_next_entry` */
  pollNextEntry(cx: Context): Poll<DirEntry | undefined> {
    if (this.#listing === null) throw disposed("ReadDir", "call readDir again");
    const entry = this.#listing.pollNext(cx);
    if (entry === PENDING) return PENDING;
    if (entry !== undefined) return new DirEntry(this.#path, entry);
    closedProperly(this);
    return undefined;
  }

  /** Closes the directory, once what is under way is done. */
  [Symbol.dispose](): void {
    this.#listing?.close();
    this.#listing = null;
    closedProperly(this);
  }

  [Symbol.asyncIterator](): AsyncGenerator<DirEntry, void, undefined> {
    return iterate(this, (dir) => dir.nextEntry(), { end: (dir) => dir[Symbol.dispose]() });
  }
}

class NextEntry extends Future<DirEntry | undefined> {
  readonly #dir: ReadDir;
  readonly #path: string;
  constructor(dir: ReadDir, path: string) {
    super();
    this.#dir = dir;
    this.#path = path;
  }
  override poll(cx: Context): Poll<DirEntry | undefined> {
    if (!pollProceed(cx)) return PENDING;
    const entry = this.#dir.pollNextEntry(cx);
    if (entry !== PENDING) madeProgress();
    return entry;
  }
  override describe(): string {
    return `an entry of ${this.#path}`;
  }
}

/**
 * Something in a directory.
 * @see Tokio `fs::DirEntry`
 * @public
 */
export class DirEntry {
  readonly #dir: string;
  readonly #entry: Dirent;
  /** @internal */
  constructor(dir: string, entry: Dirent) {
    this.#dir = dir;
    this.#entry = entry;
  }

  /** The path that was given to {@link readDir}, and the name. */
  path(): string {
    const dir = this.#dir;
    return dir.endsWith(sep) || dir.endsWith("/") ? dir + this.#entry.name : dir + sep + this.#entry.name;
  }

  /** The name alone. One that is not UTF-8 can't be told from others; `node:fs` gives it as bytes. */
  fileName(): string {
    return this.#entry.name;
  }

  /** What the system knows about it; of a link, about the link. @throws {@link IoError} */
  metadata(): Future<Metadata> {
    return symlinkMetadata(this.path());
  }

  /** What it is; links are not followed. @see Tokio `DirEntry::file_type`, which has to be waited for */
  fileType(): FileType {
    return new FileType(this.#entry);
  }
}

/**
 * Opens a directory to read its entries.
 *
 * Cancel safety: giving up closes it, whenever it is open.
 * @throws {@link IoError} of kind `NotFound`, `NotADirectory`, `PermissionDenied` …
 * @example
 * ```ts
 * import { tmpdir } from "node:os";
 * const root = `${tmpdir()}/rt-doc-read-dir`;
 * yield* createDirAll(`${root}/sub`);
 * yield* write(`${root}/file`, "");
 * const names: string[] = [];
 * using dir = yield* readDir(root);
 * for (let entry; (entry = yield* dir.nextEntry()) !== undefined; )
 *   names.push(`${entry.fileName()}${entry.fileType().isDir() ? "/" : ""}`);
 * yield* removeDirAll(root);
 * names.sort(); // => ["file", "sub/"]
 * ```
 * @see Tokio `fs::read_dir`
 * @public
 */
export function readDir(path: PathLike): Future<ReadDir> {
  return new PoolCall<Dir, ReadDir>({
    verb: "the opening",
    path,
    start: (done) => opendir(isUrl(path) ? path : String(path), { bufferSize: BATCH }, done),
    finish: (dir) => new ReadDir(isUrl(path) ? fileURLToPath(path) : String(path), dir),
    discard: (dir) => dir.close(() => {}),
  });
}

/** As Node itself tells: a URL of another realm is no instance of the class here. */
function isUrl(path: PathLike): path is URL {
  return typeof path === "object" && "href" in path && "protocol" in path;
}
