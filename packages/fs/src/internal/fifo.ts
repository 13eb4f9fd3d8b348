/**
 * A FIFO, or another pipe, that keeps no thread of Node's pool waiting: it is tried by a descriptor that does not block,
 * and where that has nothing, or no room, its readiness is waited for.
 *
 * Node tells readiness by a `net.Socket` alone, which does the reading itself. So whoever waits to read has a socket that
 * stops after one piece; and whoever waits to write gives a socket what the pipe has not taken. Where there are no such
 * sockets, the descriptor is asked again after a while.
 */
import type { FifoInput } from "./fifo-input.ts";
import { FifoOutput } from "./fifo-output.ts";
import { closeQuietly } from "./not-now.ts";

export class Fifo {
  readonly #input: FifoInput;
  readonly #output: FifoOutput;
  readonly #ownsFd: boolean;

  /**
   * @param input - over a descriptor that does not block.
   * @param ownsFd - whether that is closed with it.
   */
  constructor(input: FifoInput, ownsFd: boolean) {
    this.#input = input;
    this.#output = new FifoOutput(input.fd);
    this.#ownsFd = ownsFd;
  }

  /** The descriptor to read by. */
  get fd(): number {
    return this.#input.fd;
  }

  /** Whether somebody waits to read. */
  get isAwaited(): boolean {
    return this.#input.isWaiting;
  }

  /** What has come while somebody waited, empty at an end; null where `fd` is to be read. */
  take(): Uint8Array | null {
    return this.#input.take();
  }

  /** Something was read by `fd`. */
  reset(): void {
    this.#input.reset();
  }

  /** There was nothing to read: calls `wake` once there may be. */
  wait(wake: () => void): void {
    this.#input.wait(wake);
  }

  /** Nobody waits to read any more. */
  stopReading(): void {
    this.#input.stop();
  }

  /** Writes the first `length` bytes, all of them, and calls `done`, perhaps at once. */
  write(bytes: Uint8Array, length: number, done: (error: unknown) => void): void {
    this.#output.write(bytes, 0, length, done);
  }

  close(): void {
    this.#input.close();
    this.#output.close();
    if (this.#ownsFd) closeQuietly(this.#input.fd);
  }
}
