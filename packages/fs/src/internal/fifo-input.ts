/**
 * The side of a FIFO that is read, see {@link Fifo}.
 *
 * Invariants:
 *  1. What the socket has read comes before all that the descriptor can read.
 *  2. The socket reads only while somebody waits, and one piece at most.
 *  3. The socket has a descriptor of its own, since it closes that at an end and at a failure.
 */
import { constants, readSync } from "node:fs";
import type { Socket } from "node:net";
import { getBuiltinModule } from "node:process";
import { Backoff } from "./backoff.ts";
import { attempt, closeQuietly, NOT_NOW } from "./not-now.ts";
import { HAS_READINESS, O_NONBLOCK, openAnew } from "./sys/descriptors.ts";

/** What a socket reads at most while somebody waits; what lies behind it is read at once, and then in larger pieces. */
const PIECE: number = 4 * 1024;
const EMPTY = new Uint8Array(0);

export class FifoInput {
  readonly fd: number;
  /** Null until somebody has had to wait, and behind an end. */
  #socket: Socket | null = null;
  readonly #backoff: Backoff = new Backoff();
  /** Told that there is something. Null while nobody waits. */
  #wake: (() => void) | null = null;
  /** What was read and not taken. */
  #piece: Uint8Array | null = null;
  #ended = false;
  #failure: unknown = null;

  constructor(fd: number) {
    this.fd = fd;
  }

  /** Whether somebody waits. */
  get isWaiting(): boolean {
    return this.#wake !== null;
  }

  /** What the waiting has brought, empty at an end; null where the descriptor is to be read. */
  take(): Uint8Array | null {
    const piece = this.#piece;
    this.#piece = null;
    if (piece !== null) return piece;
    if (this.#failure !== null) {
      const failure = this.#failure;
      this.#failure = null;
      // oxlint-disable-next-line typescript/only-throw-error -- it was thrown before
      throw failure;
    }
    if (!this.#ended) return null;
    this.#ended = false;
    return EMPTY;
  }

  /** There was nothing to read: calls `wake` once there may be. */
  wait(wake: () => void): void {
    this.#wake = wake;
    if (this.#socket === null && HAS_READINESS) {
      this.#watch();
      // One that was opened while no writer was there sees no end before one has come. If there is one now, it does.
      if (this.#socket !== null && this.#look(PIECE)) {
        this.#tell();
        return;
      }
    }
    if (this.#socket === null) this.#backoff.wait(() => this.#tell());
    else this.#socket.resume();
  }

  /** There was something: the next wait is for something new. */
  reset(): void {
    this.#backoff.reset();
  }

  /** Reads no more, and lets the process end. */
  stop(): void {
    this.#wake = null;
    this.#backoff.stop();
    this.#socket?.pause();
  }

  /** Whether a writer has come, as far as can be seen. One byte may be read for that. */
  hasWriter(): boolean {
    // An end that a socket sees is one behind a writer.
    if (this.#piece !== null || this.#ended || this.#failure !== null) return true;
    this.#look(1);
    if (!this.#ended) return true;
    this.#ended = false;
    return false;
  }

  /** Reads what can be read now, `most` bytes, and keeps it for {@link FifoInput.take}. False if that is nothing. */
  #look(most: number): boolean {
    const bytes = new Uint8Array(most);
    let count: number;
    try {
      count = attempt(() => readSync(this.fd, bytes, 0, most, null));
    } catch (error) {
      this.#failure = error;
      return true;
    }
    if (count === NOT_NOW) return false;
    if (count === 0) this.#ended = true;
    else this.#piece = bytes.subarray(0, count);
    return true;
  }

  /**
   * Waits with `fd`, which is another one of the same FIFO and is the socket's from now on: the socket sees what has
   * happened since that was opened. False if it can't be.
   */
  adopt(fd: number): boolean {
    return HAS_READINESS && this.#make(fd);
  }

  /** Waits with one more descriptor, where one can be had. */
  #watch(): void {
    try {
      const own = openAnew(this.fd, constants.O_RDONLY | O_NONBLOCK);
      if (!this.adopt(own)) closeQuietly(own);
    } catch {
      // As when the process may not open it any more, though it has it open.
    }
  }

  #make(fd: number): boolean {
    const { Socket } = getBuiltinModule("node:net");
    const buffer = new Uint8Array(PIECE);
    let socket: Socket;
    try {
      socket = new Socket({
        fd,
        readable: true,
        writable: false,
        onread: {
          buffer,
          callback: (count) => {
            this.#piece = buffer.slice(0, count);
            this.#tell();
            return false; // enough
          },
        },
      });
    } catch {
      return false;
    }
    const over = (failure: unknown): void => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      if (failure === null) this.#ended = true;
      else this.#failure = failure;
      this.#tell();
    };
    socket.on("end", () => over(null)).on("error", over);
    this.#socket = socket;
    return true;
  }

  #tell(): void {
    this.#socket?.pause();
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  close(): void {
    this.stop();
    const socket = this.#socket;
    this.#socket = null;
    socket?.destroy();
  }
}
