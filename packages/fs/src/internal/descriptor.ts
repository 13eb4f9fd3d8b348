/**
 * An open file as the system sees it: the descriptor, the position in it, and the operation under way. Clones of a
 * file share one.
 *
 * Invariants:
 *  1. One operation at a time is under way that others have to wait for (`busy`). Beside it a piece may be read ahead,
 *     which everybody may ignore.
 *  2. The unread bytes `bytes[from..to)` are those that follow `position`: it counts what was handed out, not what was
 *     read. So whatever throws them away need not move it back.
 *  3. It is closed when the last handle is gone and nothing is under way.
 *  4. Who waits for a FIFO has nothing under way.
 */
import { Handle, PENDING, type Context, type Poll, type Waker } from "@rt/core";
import { holdClock, wakeSafely } from "@rt/core/driver";
import { IoError, type SeekFrom } from "@rt/io";
import { close, fstat, read, write, type PathLike, type Stats } from "node:fs";
import { Backoff } from "./backoff.ts";
import { callPool } from "./busy-pool.ts";
import type { Fifo } from "./fifo.ts";
import { isAgain } from "./not-now.ts";
import type { Opened } from "./opening.ts";
import { ioError } from "./pool.ts";
import { blockingTerminal } from "./sys/descriptors.ts";

/**
 * How much is read ahead. To read 1 GiB from the system's cache takes 700 ms in pieces of 64 KiB, 300 in these, 230 in
 * pieces of 512 KiB, for twice the memory.
 */
const PIECE: number = 256 * 1024;
/** Only who reads as much as this at a time is read ahead for. Arbitrary. */
const STREAMING: number = 32 * 1024;
/** So many of those in a row, so that who wants one piece does not pay for two. Arbitrary. */
const IN_A_ROW = 2;
const EMPTY = new Uint8Array(0);

/** The position is where the system has put it. */
const UNKNOWN = -1;

/** Who has writes under way: they hear of their error. */
export interface WriteOwner {
  _writeError: unknown;
}

export class Descriptor {
  readonly fd: number;
  readonly path: PathLike | undefined;
  readonly #append: boolean;
  /** How many files share it. */
  #handles = 1;
  /** The descriptor that somebody else closes; -1 when nobody does. */
  #given = -1;
  /** Calls in the pool. */
  #underWay = 0;
  #release: (() => void) | null = null;

  /** How it is read and written, where that is not in the pool. */
  readonly #fifo: Fifo | null;
  /** What has nothing to do now is tried again. Of a device that does not block. */
  readonly #retries: Backoff | null;
  /** Somebody waits for bytes, as far as is known. */
  #isWanted = false;
  readonly #isTerminal: boolean;
  /** What {@link Descriptor.outerFd} has opened, or `fd`; -1 before. */
  #outerFd = -1;

  busy = false;
  writing = false;
  #waiting: Waker[] = [];

  #position: number;
  /** Null until somebody has tried. A pipe or a terminal has no positions, and what was read from it is not to be lost. */
  #seekable: boolean | null = null;
  #target: SeekFrom | null = null;
  #stats: Stats | null = null;
  #statFailure: unknown = null;

  /** What was read and not handed out. */
  bytes: Uint8Array = EMPTY;
  from = 0;
  to = 0;
  /** `bytes` is used again, so it must not be given away. */
  reused = false;
  #scratch: Uint8Array = EMPTY;
  #ended = false;
  #failure: unknown = null;

  /** Full reads in a row. */
  #streak = 0;
  /** The piece that is read ahead; null when it is of no use, or there is none. */
  #ahead: Uint8Array | null = null;
  /** -1 while it is being read. */
  #aheadCount = 0;
  #aheadUnderWay = false;

  #out: Uint8Array = EMPTY;

  constructor(opened: Opened, path: PathLike | undefined, append: boolean, position: number) {
    this.fd = opened.fd;
    this.path = path;
    this.#append = append;
    this.#position = position;
    this.#fifo = opened.fifo;
    if (opened.fifo !== null) this.#seekable = false;
    this.#retries = opened.isRetried ? new Backoff() : null;
    this.#isTerminal = opened.isTerminal;
  }

  // --- handles ---

  share(): this {
    this.#handles += 1;
    return this;
  }

  isShared(): boolean {
    return this.#handles > 1;
  }

  /** A handle is gone. */
  letGo(): void {
    this.#handles -= 1;
    if (this.#handles === 0) {
      this.#forget();
      this.#ahead = null;
      this.#scratch = EMPTY;
      this.#stopReading();
      if (this.#underWay === 0) this.#close();
    }
    this.#wakeAll();
  }

  /** Who waited for bytes has given up. Should somebody else wait, they poll again. */
  dropRead(): void {
    if (this.#fifo === null && this.#retries === null) return;
    this.#stopReading();
    this.#wakeAll();
  }

  /** Waits for nobody's input any more; what is in the pool goes on there. */
  #stopReading(): void {
    this.#fifo?.stopReading();
    this.#isWanted = false;
    if (this.busy) {
      if (this.writing || this.#retries?.isWaiting !== true) return;
      this.#retries.stop();
      this.end();
    } else if (this.#underWay === 0) this.#letGoOfClock();
  }

  /** The descriptor as others expect it: with one that does not block, they would fail when there is nothing to read. */
  outerFd(): number {
    if (this.#outerFd === -1) this.#outerFd = this.#isTerminal ? blockingTerminal(this.fd) : this.fd;
    return this.#outerFd;
  }

  /** That is somebody else's from now on. */
  giveAway(): number {
    this.#given = this.outerFd();
    return this.#given;
  }

  /** `fd` is closed by who calls this, once the last handle is gone. */
  leaveFd(): void {
    this.#given = this.fd;
  }

  /** Whether a call is under way that `fd` may not be closed during. */
  isBusy(): boolean {
    return this.#underWay > 0;
  }

  #close(): void {
    this.#fifo?.close();
    // Nobody is left to hear of an error; `File.close` is for those who want to.
    for (const fd of new Set([this.fd, this.#outerFd]))
      if (fd !== -1 && fd !== this.#given) close(fd, () => {});
  }

  // --- operations ---

  /** Registers who waits for what is under way. */
  wait(cx: Context): typeof PENDING {
    // At most a few: one who reads, one who writes.
    if (!this.#waiting.includes(cx.waker)) this.#waiting.push(cx.waker);
    return PENDING;
  }

  begin(): void {
    this.busy = true;
    this.#enter();
  }

  end(): void {
    this.busy = false;
    this.writing = false;
    this.#exit();
    this.#wakeAll();
  }

  #enter(): void {
    this.#underWay += 1;
    this.#release ??= holdClock(Handle.current());
  }

  #exit(): void {
    this.#underWay -= 1;
    if (this.#underWay > 0) return;
    // Who waits for a FIFO does so in the name of a task, as for a read in the pool.
    if (this.#fifo?.isAwaited !== true) this.#letGoOfClock();
    if (this.#handles === 0) this.#close();
  }

  #letGoOfClock(): void {
    this.#release?.();
    this.#release = null;
  }

  #wakeAll(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (const waker of waiting) wakeSafely(waker);
  }

  // --- reading ---

  /**
   * Fetches bytes behind the position; there are none. Gives their number, 0 at the end.
   *
   * @param keeps - whether the array may be used again, as its bytes are copied out of it.
   */
  pollFill(cx: Context, size: number, keeps: boolean): Poll<number> {
    if (this.busy) {
      this.#isWanted = true;
      return this.wait(cx);
    }
    if (this.#failure !== null) {
      const failure = this.#failure;
      this.#failure = null;
      throw ioError(failure, this.path);
    }
    if (this.#ended) {
      this.#ended = false;
      return 0;
    }
    const fifo = this.#fifo;
    if (fifo !== null) {
      const piece = this.#takeOf(fifo);
      if (piece !== null) {
        if (piece.length > 0) this.#show(piece, piece.length);
        return piece.length;
      }
      if (fifo.isAwaited) return this.wait(cx);
    }
    const ahead = this.#ahead;
    if (ahead !== null) {
      const count = this.#aheadCount;
      if (count < 0) return this.wait(cx);
      this.#ahead = null;
      // An end or a failure is asked for again: it may have been too early to know.
      if (count > 0) {
        this.#show(ahead, count);
        if (count === ahead.length) this.#readAhead(count);
        else this.#streak = 0;
        return count;
      }
    }
    this.#startRead(size, keeps);
    return this.wait(cx);
  }

  /** What came to who waited for a FIFO; null where it is to be read, as by who comes first. */
  #takeOf(fifo: Fifo): Uint8Array | null {
    try {
      return fifo.take();
    } catch (error) {
      throw ioError(error, this.path);
    }
  }

  /** `count` of the unread bytes were handed out. */
  advance(count: number): void {
    this.from += count;
    if (this.#position >= 0) this.#position += count;
    if (this.from === this.to && !this.reused) this.bytes = EMPTY;
  }

  #show(bytes: Uint8Array, count: number): void {
    this.bytes = bytes;
    this.from = 0;
    this.to = count;
    this.reused = bytes === this.#scratch;
  }

  #startRead(size: number, keeps: boolean): void {
    if (keeps && this.#scratch.length < size) this.#scratch = bytesOf(size);
    const bytes = keeps ? this.#scratch : bytesOf(size);
    this.#isWanted = true;
    this.begin();
    this.#read(bytes, size);
  }

  #read(bytes: Uint8Array, length: number): void {
    if (this.#position === UNKNOWN && this.#seekable !== false) {
      this.#locate(bytes, length);
      return;
    }
    const at = this.#seekable === false ? null : this.#position;
    this.#callRead(bytes, length, at, (error, count) => {
      if (this.#isUnseekable(error)) return this.#read(bytes, length);
      if (this.#isRetried(error)) {
        if (this.#isWanted) return this.#retries?.wait(() => this.#read(bytes, length));
      } else if (this.#fifo !== null && isAgain(error)) {
        if (this.#isWanted) this.#fifo.wait(() => this.#onReadable());
      } else if (error) this.#failure = error;
      else this.#onRead(bytes, length, count);
      this.end();
    });
  }

  #callRead(
    bytes: Uint8Array,
    length: number,
    at: number | null,
    done: (error: NodeJS.ErrnoException | null, count: number) => void,
  ): void {
    callOrRefuse(
      "a read",
      this.path,
      (told: typeof done) => read(this.#fifo?.fd ?? this.fd, bytes, 0, length, at, told),
      done,
    );
  }

  #onReadable(): void {
    if (this.#underWay === 0) this.#letGoOfClock();
    this.#wakeAll();
  }

  /** True when the call is to be made again after a while. */
  #isRetried(error: NodeJS.ErrnoException | null): boolean {
    if (this.#retries === null) return false;
    if (isAgain(error)) return true;
    this.#retries.reset();
    return false;
  }

  /** Somebody has appended, and the position is at the end of that. */
  #locate(bytes: Uint8Array, length: number): void {
    this.#stat((error, stats) => {
      if (error) {
        this.#failure = error;
        this.end();
        return;
      }
      this.#position = stats.size;
      this.#read(bytes, length);
    });
  }

  #onRead(bytes: Uint8Array, length: number, count: number): void {
    this.#seekable ??= true;
    this.#fifo?.reset();
    this.#ended = count === 0;
    if (count > 0) this.#show(bytes, count);
    else this.#forget();
    this.#streak = count === length && length >= STREAMING ? this.#streak + 1 : 0;
    if (this.#streak >= IN_A_ROW) this.#readAhead(length);
  }

  /** Fetches the piece behind the unread bytes, as somebody reads one after the other. */
  #readAhead(size: number): void {
    // One that is of no use any more is still being read. Or nobody is left.
    if (this.#aheadUnderWay || this.#seekable !== true || this.#handles === 0) return;
    const bytes = bytesOf(Math.max(size, PIECE));
    this.#ahead = bytes;
    this.#aheadCount = -1;
    this.#aheadUnderWay = true;
    this.#enter();
    this.#callRead(bytes, bytes.length, this.#position + this.to - this.from, (_error, count) => {
      this.#aheadUnderWay = false;
      this.#aheadCount = count ?? 0;
      this.#exit();
      if (!this.busy) this.#wakeAll();
    });
  }

  /** True when the call is to be made again without a position. */
  #isUnseekable(error: NodeJS.ErrnoException | null): boolean {
    if (this.#seekable !== null || error?.code !== "ESPIPE") return false;
    this.#seekable = false;
    return true;
  }

  /** What was read is no longer what follows. A pipe gives it only once, so there it is kept. */
  invalidate(): void {
    if (this.#seekable === false) return;
    this.#forget();
    this.#ended = false;
    this.#failure = null;
    this.#streak = 0;
    this.#ahead = null;
  }

  #forget(): void {
    this.bytes = EMPTY;
    this.from = 0;
    this.to = 0;
  }

  // --- writing ---

  /** Room for what is taken to be written. */
  room(length: number): Uint8Array {
    if (this.#out.length < length) this.#out = bytesOf(Math.max(length, Math.min(2 * length, PIECE)));
    return this.#out;
  }

  /** Writes the first `length` bytes of `bytes`, all of them, and tells `owner` if that fails. */
  startWrite(owner: WriteOwner, bytes: Uint8Array, length: number): void {
    this.invalidate();
    this.begin();
    this.writing = true;
    this.#write(owner, bytes, 0, length);
  }

  #write(owner: WriteOwner, bytes: Uint8Array, done: number, length: number): void {
    if (this.#fifo !== null) {
      this.#fifo.write(bytes, length, (error) => {
        if (error !== null) owner._writeError = error;
        this.end();
      });
      return;
    }
    const at = this.#append || this.#seekable === false ? null : this.#position;
    const onWritten = (error: NodeJS.ErrnoException | null, count: number): void => {
      if (this.#isUnseekable(error)) return this.#write(owner, bytes, done, length);
      if (this.#isRetried(error)) return this.#retries?.wait(() => this.#write(owner, bytes, done, length));
      if (error) owner._writeError = error;
      else if (count === 0)
        owner._writeError = new IoError("WriteZero", "Cannot write: the file takes no more bytes");
      else {
        if (this.#append) this.#position = UNKNOWN;
        else if (this.#position >= 0) this.#position += count;
        if (done + count < length) return this.#write(owner, bytes, done + count, length);
      }
      this.end();
    };
    callOrRefuse(
      "a write",
      this.path,
      (told: typeof onWritten) => write(this.fd, bytes, done, length - done, at, told),
      onWritten,
    );
  }

  // --- position ---

  startSeek(position: SeekFrom): void {
    if (this.busy)
      throw new IoError(
        "Other",
        "Cannot seek: another operation is under way; call pollComplete until it is ready, first",
      );
    this.#target = position;
  }

  pollComplete(cx: Context): Poll<number> {
    if (this.busy) return this.wait(cx);
    const target = this.#target;
    if (this.#statFailure !== null) {
      const failure = this.#statFailure;
      this.#statFailure = null;
      this.#target = null;
      throw ioError(failure, this.path);
    }
    const stats = this.#stats;
    this.#stats = null;
    const isKnown = this.#seekable !== null && this.#position !== UNKNOWN;
    if (stats === null && (!isKnown || (target !== null && "end" in target))) {
      this.#startStat();
      return this.wait(cx);
    }
    this.#target = null;
    if (stats !== null) this.#learn(stats);
    if (this.#seekable === false) throw noPositions(this.path);
    if (target === null) return this.#position;
    const at =
      "start" in target
        ? target.start
        : "end" in target
          ? stats!.size + target.end // asked for above
          : this.#position + target.current;
    if (at < 0 || !Number.isSafeInteger(at)) throw outOfRange(at, this.path);
    // Who only asks where they are loses nothing of what was read.
    if (at !== this.#position || !("current" in target)) this.invalidate();
    this.#position = at;
    return at;
  }

  #learn(stats: Stats): void {
    this.#seekable ??= !stats.isFIFO() && !stats.isSocket();
    if (this.#position === UNKNOWN) this.#position = stats.size;
  }

  #startStat(): void {
    this.begin();
    this.#stat((error, stats) => {
      if (error) this.#statFailure = error;
      else this.#stats = stats;
      this.end();
    });
  }

  #stat(done: (error: NodeJS.ErrnoException | null, stats: Stats) => void): void {
    callPool("a stat", this.path, (told: typeof done) => fstat(this.fd, told), done);
  }
}

/** Bytes that nobody has cleared: only those that were read into it are handed out. */
function bytesOf(length: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer, 0, length);
}

function noPositions(path: PathLike | undefined): IoError {
  return ioError(
    Object.assign(new Error("ESPIPE: invalid seek, lseek"), { code: "ESPIPE", syscall: "lseek" }),
    path,
  );
}

function outOfRange(at: number, path: PathLike | undefined): IoError {
  return new IoError("InvalidInput", `Cannot seek to ${at}: a position is 0 or more`, {
    code: "EINVAL",
    syscall: "lseek",
    path: path === undefined ? undefined : String(path),
  });
}

/** What Node refuses at once, such as a position that is no safe integer any more, counts as told by the pool. */
function callOrRefuse(
  verb: string,
  path: PathLike | undefined,
  start: (told: (error: NodeJS.ErrnoException | null, count: number) => void) => void,
  done: (error: NodeJS.ErrnoException | null, count: number) => void,
): void {
  try {
    callPool(verb, path, start, done);
  } catch (error) {
    queueMicrotask(() => done(error as NodeJS.ErrnoException, 0));
  }
}
