/** An open file. */
import { Future, PENDING, type Context, type Poll } from "@rt/core";
import { checkInteger, closedProperly, madeProgress, pollProceed, watchForgotten } from "@rt/core/driver";
import { IoError, ReadWriteSeeker, type SeekFrom } from "@rt/io";
import { close, fchmod, fdatasync, fstat, fsync, ftruncate, type PathLike, type Stats } from "node:fs";
import { Descriptor, type WriteOwner } from "./internal/descriptor.ts";
import { disposed } from "./internal/disposed.ts";
import { callPool } from "./internal/busy-pool.ts";
import { discard, type Opened, Opening, takenOver } from "./internal/opening.ts";
import { ioError, pathText, PoolCall, type Done } from "./internal/pool.ts";
import { Metadata, type Permissions } from "./metadata.ts";
import { OpenOptions } from "./open-options.ts";

/** Tokio's. */
const MAX_BUF_SIZE: number = 2 * 1024 * 1024;

/** @public */
export interface FromFdOptions {
  /** Where to begin; 0 by default. Node can't tell where the system is. */
  readonly position?: number;
  /** Whether it was opened to append: writes then go to the end. Not, by default. */
  readonly append?: boolean;
}

/**
 * An open file: a reader, a writer, and a position, with every method of those.
 *
 * The work is done in Node's thread pool, one call at a time for each file; what has to wait for somebody else, as a FIFO,
 * a terminal or another device, waits outside of it. A write is over for its task once the bytes
 * were taken; it goes on in the background, the next operation waits for it, and the next write, `flush` or `shutdown`
 * tells of its error. So flush before you rely on it. Each call reads or writes 2 MiB at most.
 *
 * Who reads a file piece by piece, 32 KiB or more at a time, is read ahead for, by 256 KiB: what somebody else writes
 * there meanwhile may not be seen. A seek or a write of one's own throws it away.
 *
 * Dispose of it, or `close()` it: a file that is forgotten stays open. What is under way then is still done.
 *
 * Cancel safety: giving up a read loses nothing: what it has got is for the next one. Giving up anything else stops the
 * waiting; what has begun is done all the same.
 *
 * @example
 * ```ts
 * import { tmpdir } from "node:os";
 * const path = `${tmpdir()}/rt-doc-file`;
 * using file = yield* File.options().read(true).write(true).create(true).truncate(true).open(path);
 * yield* file.writeAll("one\ntwo\n");
 * yield* file.rewind();
 * const lines: string[] = [];
 * const input = file.lines();
 * for (let line; (line = yield* input.nextLine()) !== undefined; ) lines.push(line);
 * yield* removeFile(path);
 * lines; // => ["one", "two"]
 * ```
 * @see Tokio `fs::File`
 * @public
 */
export class File extends ReadWriteSeeker implements Disposable {
  #descriptor: Descriptor | null;
  #maxBufSize = MAX_BUF_SIZE;
  /** Of a write that went on in the background. @internal */
  readonly _owner: WriteOwner = { _writeError: null };

  /** @internal */
  constructor(descriptor: Descriptor) {
    super();
    this.#descriptor = descriptor;
    // Must not hold the file, only what it stands for.
    const what = descriptor.path === undefined ? "a File" : `a File of ${String(descriptor.path)}`;
    watchForgotten(this, what, () => descriptor.letGo(), File);
  }

  /**
   * Opens a file to read it.
   *
   * One of a FIFO waits until somebody has opened it to write.
   *
   * Cancel safety: giving up closes it, whenever it is open.
   * @throws {@link IoError} of kind `NotFound`, `PermissionDenied` … A directory can be opened; reading it fails.
   * @see Tokio `File::open`
   */
  static open(path: PathLike): Future<File> {
    return new OpenOptions().read(true).open(path);
  }

  /**
   * Opens a file to write it: makes it, or throws away what is in it.
   *
   * Cancel safety: as {@link File.open}.
   * @see Tokio `File::create`
   */
  static create(path: PathLike): Future<File> {
    return new OpenOptions().write(true).create(true).truncate(true).open(path);
  }

  /**
   * Makes a file, to read and write it.
   *
   * Cancel safety: as {@link File.open}; the file stays.
   * @throws {@link IoError} of kind `AlreadyExists` when it is there.
   * @see Tokio `File::create_new`
   */
  static createNew(path: PathLike): Future<File> {
    return new OpenOptions().read(true).write(true).createNew(true).open(path);
  }

  /** Options to open a file with. @see Tokio `File::options` */
  static options(): OpenOptions {
    return new OpenOptions();
  }

  /**
   * Takes over a descriptor that was opened by other means; it is closed with the file. On Linux a pipe waits outside of
   * Node's thread pool, by a descriptor of its own; elsewhere, and with a socket, each read that waits keeps a thread.
   * @see Tokio `File::from_std`, which goes on where the system is; Node can't tell
   */
  static fromFd(fd: number, options: FromFdOptions = {}): File {
    const { position = 0, append = false } = options;
    checkInteger("fd", fd, 0, 0x7fffffff);
    checkInteger("position", position, 0, Number.MAX_SAFE_INTEGER);
    return new File(new Descriptor(takenOver(fd), undefined, append, position));
  }

  /**
   * The number of the descriptor, to pass on to others while the file is open. It blocks, as they expect; but that of a
   * device does not, unless it is a terminal, nor that of a FIFO which the process may not both read and write.
   */
  fd(): number {
    return this._use().outerFd();
  }

  /**
   * Gives the descriptor away once nothing is under way; the file is disposed of then, and nobody closes it.
   * @throws {@link IoError} of kind `Other` when clones use it too.
   * @see Tokio `File::into_std`
   */
  intoFd(): Future<number> {
    return new IntoFd(this);
  }

  /** As {@link File.intoFd}; `null` when something is under way. @see Tokio `File::try_into_std` */
  tryIntoFd(): number | null {
    const descriptor = this._use();
    return descriptor.isBusy() ? null : this._giveAway(descriptor);
  }

  /** The most bytes that one call reads or writes. @see Tokio `File::max_buf_size` */
  maxBufSize(): number {
    return this.#maxBufSize;
  }

  /** Sets {@link File.maxBufSize}, at least 1; 2 MiB by default. @see Tokio `File::set_max_buf_size` */
  setMaxBufSize(bytes: number): void {
    checkInteger("maxBufSize", bytes, 1, 0x7fffffff);
    this.#maxBufSize = bytes;
  }

  override pollRead(cx: Context, buf: Uint8Array): Poll<number> {
    const descriptor = this._use();
    if (buf.length === 0) return 0;
    if (descriptor.from === descriptor.to) {
      const fetched = descriptor.pollFill(cx, Math.min(buf.length, this.#maxBufSize), true);
      if (fetched === PENDING || fetched === 0) return fetched;
    }
    const { bytes, from, to } = descriptor;
    const count = Math.min(buf.length, to - from);
    buf.set(bytes.subarray(from, from + count));
    descriptor.advance(count);
    return count;
  }

  override pollReadChunk(cx: Context, max: number): Poll<Uint8Array | undefined> {
    const descriptor = this._use();
    if (descriptor.from === descriptor.to) {
      const fetched = descriptor.pollFill(cx, Math.min(max, this.#maxBufSize), false);
      if (fetched === PENDING) return PENDING;
      if (fetched === 0) return undefined;
    }
    const { bytes, from, to, reused } = descriptor;
    const end = Math.min(to, from + max);
    descriptor.advance(end - from);
    // A few bytes should not keep a large array.
    return reused || to * WASTE < bytes.length ? bytes.slice(from, end) : bytes.subarray(from, end);
  }

  override dropRead(): void {
    this.#descriptor?.dropRead();
  }

  override pollWrite(cx: Context, buf: Uint8Array): Poll<number> {
    const descriptor = this.#pollWritable(cx, buf.length);
    if (descriptor === PENDING || descriptor === null) return descriptor ?? 0;
    const count = Math.min(buf.length, this.#maxBufSize);
    const room = descriptor.room(count);
    room.set(count < buf.length ? buf.subarray(0, count) : buf);
    descriptor.startWrite(this._owner, room, count);
    return count;
  }

  override pollWriteChunk(cx: Context, chunk: Uint8Array): Poll<number> {
    const descriptor = this.#pollWritable(cx, chunk.length);
    if (descriptor === PENDING || descriptor === null) return descriptor ?? 0;
    const count = Math.min(chunk.length, this.#maxBufSize);
    descriptor.startWrite(this._owner, chunk, count);
    return count;
  }

  override isWriteVectored(): boolean {
    return true;
  }

  override pollWriteVectored(cx: Context, bufs: readonly Uint8Array[]): Poll<number> {
    let total = 0;
    for (const buf of bufs) total += buf.length;
    const descriptor = this.#pollWritable(cx, total);
    if (descriptor === PENDING || descriptor === null) return descriptor ?? 0;
    const count = Math.min(total, this.#maxBufSize);
    const room = descriptor.room(count);
    let at = 0;
    for (const buf of bufs) {
      const part = Math.min(buf.length, count - at);
      room.set(part < buf.length ? buf.subarray(0, part) : buf, at);
      at += part;
    }
    descriptor.startWrite(this._owner, room, count);
    return count;
  }

  override pollFlush(cx: Context): Poll<void> {
    const descriptor = this._use();
    if (descriptor.writing) return descriptor.wait(cx);
    this.#checkWritten();
  }

  /** As `pollFlush`: a file has no other end that could be told. */
  override pollShutdown(cx: Context): Poll<void> {
    return this.pollFlush(cx);
  }

  override startSeek(position: SeekFrom): void {
    this._use().startSeek(position);
  }

  override pollComplete(cx: Context): Poll<number> {
    return this._use().pollComplete(cx);
  }

  /**
   * Waits until all that was written is on the disk, with what the system knows about the file.
   * @throws {@link IoError}
   * @see Tokio `File::sync_all`
   */
  syncAll(): Future<void> {
    return new FileCall(this, "a sync", fsync, nothing);
  }

  /** As {@link File.syncAll}, without what is not needed to read it again. @see Tokio `File::sync_data` */
  syncData(): Future<void> {
    return new FileCall(this, "a sync", fdatasync, nothing);
  }

  /**
   * Cuts the file off, or fills it up with zeros. The position stays where it is.
   * @throws {@link IoError} of kind `InvalidInput` when it is not open for writing.
   * @see Tokio `File::set_len`
   */
  setLen(bytes: number): Future<void> {
    checkInteger("bytes", bytes, 0, Number.MAX_SAFE_INTEGER);
    const start = (fd: number, done: Done<void>): void => {
      this.#descriptor?.invalidate();
      ftruncate(fd, bytes, done);
    };
    return new FileCall(this, "a truncation", start, nothing);
  }

  /** What the system knows about it. @throws {@link IoError} @see Tokio `File::metadata` */
  metadata(): Future<Metadata> {
    const start = (fd: number, done: Done<Stats>): void => fstat(fd, done);
    return new FileCall(this, "the metadata", start, (stats) => new Metadata(stats));
  }

  /** Says who may do what with it. @throws {@link IoError} @see Tokio `File::set_permissions` */
  setPermissions(permissions: Permissions): Future<void> {
    const start = (fd: number, done: Done<void>): void => fchmod(fd, permissions.mode(), done);
    return new FileCall(this, "a chmod", start, nothing);
  }

  /**
   * One more file with the same descriptor: they move one position. It keeps `maxBufSize`. The descriptor is closed
   * with the last of them.
   * @see Tokio `File::try_clone`, which duplicates the descriptor
   */
  tryClone(): Future<File> {
    return new CloneFile(this);
  }

  /**
   * Closes the file, once what is under way is done, and tells what disposing of it can't: whether a write or the
   * closing failed. It is closed in any case.
   *
   * Cancel safety: giving up before it waits does nothing; then it stops the waiting.
   * @throws {@link IoError}
   */
  close(): Future<void> {
    return new CloseFile(this);
  }

  /** Closes the file in the background, once what is under way is done. */
  [Symbol.dispose](): void {
    const descriptor = this.#descriptor;
    if (descriptor === null) return;
    this._leave();
    descriptor.letGo();
  }

  /** The descriptor, or an error where the file was disposed of. @internal */
  _use(): Descriptor {
    if (this.#descriptor === null) throw disposed("File", "open it again");
    return this.#descriptor;
  }

  /** Is no more the one to close it. @internal */
  _leave(): void {
    this.#descriptor = null;
    closedProperly(this);
  }

  /** @internal */
  _giveAway(descriptor: Descriptor): number {
    if (descriptor.isShared())
      throw new IoError("Other", "Cannot give the descriptor away: clones use it; dispose of them first");
    const fd = descriptor.giveAway();
    this[Symbol.dispose]();
    return fd;
  }

  /** What a write in the background has failed with, once; else null. @internal */
  _takeWriteError(): unknown {
    const error = this._owner._writeError;
    this._owner._writeError = null;
    return error;
  }

  /** The descriptor once a write can begin; null when there is nothing to write. */
  #pollWritable(cx: Context, length: number): Poll<Descriptor> | null {
    const descriptor = this._use();
    this.#checkWritten();
    if (length === 0) return null;
    return descriptor.busy ? descriptor.wait(cx) : descriptor;
  }

  #checkWritten(): void {
    if (this._owner._writeError === null) return;
    throw ioError(this._takeWriteError(), this.#descriptor?.path);
  }
}

/** An array that is filled to less than one part of so many is copied out of. */
const WASTE = 4;

function nothing(): void {}

/** Opens `path`; `flags` are the system's, or say why that can't be. */
export function openFile(
  path: PathLike,
  flags: number | string,
  mode: number,
  append: boolean,
): Future<File> {
  let opening: Opening | null = null;
  return new PoolCall<Opened, File>({
    verb: "the opening",
    path,
    start(done) {
      if (typeof flags === "string") done(invalidOptions(path, flags));
      else opening = new Opening(path, flags, mode, done);
    },
    stop: () => opening?.stop(),
    finish: (opened) => new File(new Descriptor(opened, path, append, 0)),
    discard,
  });
}

function invalidOptions(path: PathLike, why: string): IoError {
  return new IoError("InvalidInput", `Cannot open ${pathText(path)}: ${why}`, {
    code: "EINVAL",
    syscall: "open",
    path: pathText(path),
  });
}

/** What waits until nothing else is under way in a file, and then does one thing. */
abstract class AfterAll<T> extends Future<T> {
  protected readonly file: File;
  protected readonly what: string;
  constructor(file: File, what: string) {
    super();
    this.file = file;
    this.what = what;
  }
  override describe(): string {
    return `${this.what} of a File`;
  }
}

/** One call on the descriptor. */
class FileCall<R, T> extends AfterAll<T> {
  readonly #start: (fd: number, done: Done<R>) => void;
  readonly #finish: (result: R) => T;
  /** Null until it has begun. */
  #descriptor: Descriptor | null = null;
  #done = false;
  #error: unknown = null;
  #result: R | undefined;

  constructor(
    file: File,
    what: string,
    start: (fd: number, done: Done<R>) => void,
    finish: (result: R) => T,
  ) {
    super(file, what);
    this.#start = start;
    this.#finish = finish;
  }

  override poll(cx: Context): Poll<T> {
    const descriptor = this.#descriptor ?? this.file._use();
    if (this.#descriptor === null) {
      if (descriptor.busy) return descriptor.wait(cx);
      this.#descriptor = descriptor;
      this.#begin(descriptor);
    }
    if (!this.#done) return descriptor.wait(cx);
    if (!pollProceed(cx)) return PENDING;
    madeProgress();
    if (this.#error) throw ioError(this.#error, descriptor.path);
    return this.#finish(this.#result as R); // there is no error, so it is there
  }

  #begin(descriptor: Descriptor): void {
    descriptor.begin();
    const done: Done<R> = (error, result) => {
      this.#done = true;
      this.#error = error;
      this.#result = result;
      descriptor.end();
    };
    callPool(this.what, descriptor.path, (told: Done<R>) => this.#start(descriptor.fd, told), done);
  }
}

class CloneFile extends AfterAll<File> {
  constructor(file: File) {
    super(file, "a clone");
  }
  override poll(cx: Context): Poll<File> {
    const descriptor = this.file._use();
    if (descriptor.busy) return descriptor.wait(cx);
    if (!pollProceed(cx)) return PENDING;
    madeProgress();
    const clone = new File(descriptor.share());
    clone.setMaxBufSize(this.file.maxBufSize());
    return clone;
  }
}

class IntoFd extends AfterAll<number> {
  constructor(file: File) {
    super(file, "the descriptor");
  }
  override poll(cx: Context): Poll<number> {
    const descriptor = this.file._use();
    if (descriptor.isBusy()) return descriptor.wait(cx);
    if (!pollProceed(cx)) return PENDING;
    madeProgress();
    return this.file._giveAway(descriptor);
  }
}

class CloseFile extends AfterAll<void> {
  #closing: PoolCall<void, void> | null = null;
  /** Of a write in the background: more to the point than what the closing fails with. */
  #failure: IoError | null = null;

  constructor(file: File) {
    super(file, "the closing");
  }

  override poll(cx: Context): Poll<void> {
    if (this.#closing === null) {
      const { file } = this;
      const descriptor = file._use();
      if (descriptor.isBusy()) return descriptor.wait(cx);
      const error = file._takeWriteError();
      if (error !== null) this.#failure = ioError(error, descriptor.path);
      const isLast = !descriptor.isShared();
      if (isLast) descriptor.leaveFd();
      file[Symbol.dispose]();
      this.#closing = new PoolCall<void, void>({
        verb: "the closing",
        path: descriptor.path,
        start: (done) => (isLast ? close(descriptor.fd, done) : done(null)),
        finish: nothing,
      });
    }
    try {
      if (this.#closing.poll(cx) === PENDING) return PENDING;
    } catch (error) {
      throw this.#failure ?? error;
    }
    if (this.#failure !== null) throw this.#failure;
  }

  override drop(): void {
    this.#closing?.drop();
  }
}
