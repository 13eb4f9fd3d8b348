/** The side of a FIFO that is written, see {@link Fifo}. */
import { constants, writeSync } from "node:fs";
import type { Socket } from "node:net";
import { getBuiltinModule } from "node:process";
import { Backoff } from "./backoff.ts";
import { attempt, closeQuietly, NOT_NOW } from "./not-now.ts";
import { HAS_READINESS, O_NONBLOCK, openAnew } from "./sys/descriptors.ts";

/**
 * How much is written at a time. Where it is limited, that is what every system writes as a whole or not at all: Deno
 * goes on by itself when it could write a part, and does not say how much of it when it can't go on.
 */
const MOST: number = HAS_READINESS ? Infinity : 512;

export class FifoOutput {
  readonly fd: number;
  #socket: Socket | null = null;
  readonly #backoff: Backoff = new Backoff();

  constructor(fd: number) {
    this.fd = fd;
  }

  /** Writes `bytes[from..to)`, all of it, and calls `done`, perhaps at once. */
  write(bytes: Uint8Array, from: number, to: number, done: (error: unknown) => void): void {
    let at = from;
    try {
      while (at < to) {
        const most = Math.min(to - at, MOST);
        const count = attempt(() => writeSync(this.fd, bytes, at, most, null));
        if (count === NOT_NOW) break;
        at += count;
      }
    } catch (error) {
      done(error);
      return;
    }
    if (at === to) {
      this.#backoff.reset();
      done(null);
    } else this.#later(bytes, at, to, done);
  }

  /** There is no room. */
  #later(bytes: Uint8Array, from: number, to: number, done: (error: unknown) => void): void {
    this.#socket ??= HAS_READINESS ? this.#make() : null;
    if (this.#socket === null) this.#backoff.wait(() => this.write(bytes, from, to, done));
    else this.#socket.write(bytes.subarray(from, to), (error) => done(error ?? null));
  }

  #make(): Socket | null {
    const { Socket } = getBuiltinModule("node:net");
    let fd = -1;
    try {
      // Without a reader it can't be opened; then the next write is told so.
      fd = openAnew(this.fd, constants.O_WRONLY | O_NONBLOCK);
      const socket = new Socket({ fd, readable: false, writable: true });
      // Told to the write, too.
      return socket.on("error", () => {
        this.#socket = null;
      });
    } catch {
      if (fd !== -1) closeQuietly(fd);
      return null;
    }
  }

  close(): void {
    this.#backoff.stop();
    this.#socket?.destroy();
    this.#socket = null;
  }
}
