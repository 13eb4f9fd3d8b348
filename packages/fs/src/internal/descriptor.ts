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
 */
import { Handle, PENDING, type Context, type Poll, type Waker } from "@rt/core";
import { holdClock, wakeSafely } from "@rt/core/driver";
import { IoError, type SeekFrom } from "@rt/io";
import { close, fstat, read, write, type PathLike, type Stats } from "node:fs";
import { ioError } from "./pool.ts";

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
  #given = false;
  /** Calls in the pool. */
  #underWay = 0;
  #release: (() => void) | null = null;

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

  constructor(fd: number, path: PathLike | undefined, append: boolean, position: number) {
    this.fd = fd;
    this.path = path;
    this.#append = append;
    this.#position = position;
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
      if (this.#underWay === 0) this.#close();
    }
    this.#wakeAll();
  }

  /** The descriptor is somebody else's from now on. */
  giveAway(): number {
    this.#given = true;
    return this.fd;
  }

  /** Whether a call is under way that `fd` may not be closed during. */
  isBusy(): boolean {
    return this.#underWay > 0;
  }

  #close(): void {
    // Nobody is left to hear of an error; `File.close` is for those who want to.
    if (!this.#given) close(this.fd, () => {});
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
    if (this.#underWay === 1) this.#release = holdClock(Handle.current());
  }

  #exit(): void {
    this.#underWay -= 1;
    if (this.#underWay > 0) return;
    this.#release?.();
    this.#release = null;
    if (this.#handles === 0) this.#close();
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
    if (this.busy) return this.wait(cx);
    if (this.#failure !== null) {
      const failure = this.#failure;
      this.#failure = null;
      throw ioError(failure, this.path);
    }
    if (this.#ended) {
      this.#ended = false;
      return 0;
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
    this.begin();
    this.#read(bytes, size);
  }

  #read(bytes: Uint8Array, length: number): void {
    if (this.#position === UNKNOWN && this.#seekable !== false) {
      this.#locate(bytes, length);
      return;
    }
    const at = this.#seekable === false ? null : this.#position;
    const done = (error: NodeJS.ErrnoException | null, count: number): void => {
      if (this.#isUnseekable(error)) return this.#read(bytes, length);
      if (error) this.#failure = error;
      else this.#onRead(bytes, length, count);
      this.end();
    };
    // What Node refuses at once, such as a position that is no safe integer any more, counts as told by the pool.
    try {
      read(this.fd, bytes, 0, length, at, done);
    } catch (error) {
      queueMicrotask(() => done(error as NodeJS.ErrnoException, 0));
    }
  }

  /** Somebody has appended, and the position is at the end of that. */
  #locate(bytes: Uint8Array, length: number): void {
    fstat(this.fd, (error, stats) => {
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
    const done = (_error: unknown, count?: number): void => {
      this.#aheadUnderWay = false;
      this.#aheadCount = count ?? 0;
      this.#exit();
      if (!this.busy) this.#wakeAll();
    };
    try {
      read(this.fd, bytes, 0, bytes.length, this.#position + this.to - this.from, done);
    } catch (error) {
      queueMicrotask(() => done(error));
    }
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
    const at = this.#append || this.#seekable === false ? null : this.#position;
    const told = (error: NodeJS.ErrnoException | null, count: number): void => {
      if (this.#isUnseekable(error)) return this.#write(owner, bytes, done, length);
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
    try {
      write(this.fd, bytes, done, length - done, at, told);
    } catch (error) {
      queueMicrotask(() => told(error as NodeJS.ErrnoException, 0));
    }
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
    fstat(this.fd, (error, stats) => {
      if (error) this.#statFailure = error;
      else this.#stats = stats;
      this.end();
    });
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
