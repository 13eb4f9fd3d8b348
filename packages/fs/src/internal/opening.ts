/**
 * Opening a file without keeping a thread of Node's pool until somebody comes.
 *
 * What is on a disk is opened as ever. A FIFO is opened without blocking, and then its other end is waited for, as the
 * system's own `open` would: one to be read until a writer has come, be it that it has gone again; one to be written
 * until there is a reader. A terminal or another device is opened without blocking, and its reads and writes are tried
 * again, see `Descriptor`.
 *
 * The flag is on the first `open`, and what was opened is looked at then: whatever stood there before makes no difference.
 */
import { close, constants, fstatSync, open, stat, type PathLike, type Stats } from "node:fs";
import { isatty } from "node:tty";
import { Backoff } from "./backoff.ts";
import { callPool } from "./busy-pool.ts";
import { Fifo } from "./fifo.ts";
import { FifoInput } from "./fifo-input.ts";
import { closeQuietly, isAgain } from "./not-now.ts";
import { accessOf, flagsOf, O_NONBLOCK, openAnew, writes } from "./sys/descriptors.ts";

const { O_RDONLY, O_RDWR } = constants;

/** Something that is open. */
export interface Opened {
  /** What others may have. Of a FIFO it blocks, of a device it does not. */
  readonly fd: number;
  /** Operations on `fd` do not wait for anybody else. */
  readonly isPlain: boolean;
  /** How it is read and written, where that is not by `fd` and in the pool. */
  readonly fifo: Fifo | null;
  /** An operation on `fd` that has nothing to do now fails with `EAGAIN`, and is to be tried again. */
  readonly isRetried: boolean;
  /** A device that others want to have blocking. */
  readonly isTerminal: boolean;
}

export type OnOpened = (error: unknown, opened?: Opened) => void;

export class Opening {
  readonly #path: PathLike;
  readonly #flags: number;
  readonly #mode: number;
  readonly #done: OnOpened;
  /** Nobody waits for the other end of a FIFO any more. */
  #isOver = false;
  /** The last look found no FIFO, though the open had been refused as one. */
  #isDoubted = false;
  /** Nor for anything else. */
  #closes = false;
  readonly #backoff: Backoff = new Backoff();
  /** A FIFO to be read, for which no writer has come. */
  #input: FifoInput | null = null;

  /** Calls `done` once, unless it is given up. */
  constructor(path: PathLike, flags: number, mode: number, done: OnOpened) {
    this.#path = path;
    this.#flags = flags;
    this.#mode = mode;
    this.#done = done;
    // Who says by themselves that nothing is to wait gets what the system does then.
    if (O_NONBLOCK === 0 || (flags & O_NONBLOCK) !== 0) this.#openBlocking();
    else this.#open();
  }

  /** Closes what is open, or what comes. */
  stop(): void {
    this.#closes = true;
    this.stopWaiting();
  }

  /** Closes a FIFO alone: `done` is called for anything else. */
  stopWaiting(): void {
    this.#isOver = true;
    this.#backoff.stop();
    const input = this.#input;
    this.#input = null;
    if (input === null) return;
    input.close();
    closeQuietly(input.fd);
  }

  #openBlocking(): void {
    this.#call(this.#flags, (error, fd) => {
      if (error) this.#fail(error);
      else this.#settle({ fd, isPlain: true, fifo: null, isRetried: false, isTerminal: false });
    });
  }

  #open(): void {
    this.#call(this.#flags | O_NONBLOCK, (error, fd) => {
      if (error) this.#refused(error);
      else if (this.#closes) close(fd, nothing);
      else this.#opened(fd);
    });
  }

  #call(flags: number, done: (error: NodeJS.ErrnoException | null, fd: number) => void): void {
    callPool(
      "the opening",
      this.#path,
      (told: typeof done) => open(this.#path, flags, this.#mode, told),
      done,
    );
  }

  #refused(error: NodeJS.ErrnoException): void {
    // Another process has a lease on the file, and is asked to give it back: only who blocks can wait for that.
    if (isAgain(error) && !this.#closes) this.#openBlocking();
    else if (error.code === "ENXIO" && writes(accessOf(this.#flags))) this.#awaitReader(error);
    else this.#fail(error);
  }

  /** A FIFO that nobody reads can't be opened to write to it. Nothing tells of a reader, so it is tried again. */
  #awaitReader(refusal: NodeJS.ErrnoException): void {
    const done = (error: unknown, stats: Stats): void => {
      if (this.#isOver) return;
      const isFifo = !error && stats.isFIFO();
      if (!isFifo && this.#isDoubted) {
        this.#fail(refusal);
        return;
      }
      // All over again, as it may be something else by then, or gone: then the next open tells.
      this.#isDoubted = !isFifo;
      this.#backoff.wait(() => this.#open());
    };
    callPool("a look", this.#path, (told: typeof done) => stat(this.#path, told), done);
  }

  #opened(fd: number): void {
    let stats: Stats;
    try {
      // At once, as it asks no disk: the system has just looked at it.
      stats = fstatSync(fd);
    } catch (error) {
      close(fd, nothing);
      this.#fail(error);
      return;
    }
    if (!stats.isFIFO()) {
      const isDevice = stats.isCharacterDevice();
      this.#settle({
        fd,
        isPlain: stats.isFile(),
        fifo: null,
        isRetried: isDevice,
        isTerminal: isDevice && isatty(fd),
      });
      return;
    }
    const input = new FifoInput(fd);
    if (this.#isOver) close(fd, nothing);
    else if (writes(accessOf(this.#flags)) || input.hasWriter()) this.#settleFifo(input);
    else this.#awaitWriter(fd);
  }

  /** Data and ends are told by a socket that has seen all since the opening; who comes and says nothing, is asked for. */
  #awaitWriter(fd: number): void {
    let input: FifoInput;
    let isSeen = false;
    try {
      input = new FifoInput(openAnew(fd, O_RDONLY | O_NONBLOCK));
      isSeen = input.adopt(fd);
      if (!isSeen) closeQuietly(fd);
    } catch {
      // It has no other name.
      input = new FifoInput(fd);
    }
    this.#input = input;
    const look = (): void => {
      if (this.#isOver) return;
      if (input.hasWriter()) {
        this.#backoff.stop();
        input.stop();
        this.#input = null;
        this.#settleFifo(input);
      } else {
        this.#backoff.wait(look);
        if (isSeen) input.wait(look);
      }
    };
    look();
  }

  #settleFifo(input: FifoInput): void {
    const fd = blockingTwin(input.fd, accessOf(this.#flags));
    const fifo = new Fifo(input, fd !== null);
    this.#settle({ fd: fd ?? input.fd, isPlain: false, fifo, isRetried: false, isTerminal: false });
  }

  #settle(opened: Opened): void {
    if (this.#closes) discard(opened);
    else this.#done(null, opened);
  }

  #fail(error: unknown): void {
    if (!this.#closes) this.#done(error);
  }
}

/**
 * One more descriptor of a FIFO, which blocks, as whoever it is passed on to expects; null where it can't be had, as
 * without the right to read and write it.
 */
function blockingTwin(fd: number, access: number): number | null {
  let both: number | null = null;
  try {
    // As long as both ends are there, opening does not wait. Who waits for one of them has just been given it as it is.
    both = openAnew(fd, O_RDWR | O_NONBLOCK);
    return openAnew(fd, access);
  } catch {
    return null;
  } finally {
    if (both !== null) closeQuietly(both);
  }
}

/** Closes what nobody has fetched. */
export function discard({ fd, fifo }: Opened): void {
  fifo?.close();
  close(fd, nothing);
}

/** A descriptor that was opened by other means. */
export function takenOver(fd: number): Opened {
  return { fd, isPlain: false, fifo: pipeOf(fd), isRetried: false, isTerminal: false };
}

/** Null for what is no pipe, and where it can't be told or opened anew. */
function pipeOf(fd: number): Fifo | null {
  try {
    if (!fstatSync(fd).isFIFO()) return null;
    const flags = flagsOf(fd);
    if (flags === null) return null;
    return new Fifo(new FifoInput(openAnew(fd, accessOf(flags) | O_NONBLOCK)), true);
  } catch {
    return null;
  }
}

function nothing(): void {}
