/**
 * A stream source over `net.Socket` (TCP, Unix sockets, pipes) or `tls.TLSSocket`.
 *
 * Node pushes: its 'data' listener is one function shared by all sockets, which queues the chunk and wakes the reader.
 * A socket reads from the kernel from the first time something is wanted of it. With nobody waiting and
 * {@link HIGH_WATER} bytes queued it is paused: Node reads one more of its own buffers and then asks the kernel for
 * nothing, so the peer's window closes.
 *
 * Writing is `socket.write`: what the kernel takes at once, which is nearly everything, is done when that returns
 * (`writableLength` is 0 again). Only for the rest somebody has to tell us: an empty write behind it does, because a
 * callback or a 'drain' listener for every write would cost each of them a turn of Node's tick queue.
 *
 * Invariants:
 *  1. `_queued` is the number of bytes in `_head` (from `_offset`) and `_more` together; `_more` is empty without `_head`.
 *  2. While `_loan` is set and not back, an empty write is queued behind it whose callback tells the loan.
 */
import { PENDING, type Context, type Poll } from "@rt/core";
import { isBytes } from "@rt/core/driver";
import { Chunks, IoError, UnsupportedError } from "@rt/io";
import type { SocketAddr } from "../../addr.ts";
import type { Socket } from "node:net";
import {
  ERROR,
  READABLE,
  READ_CLOSED,
  type Registry,
  type StreamOption,
  StreamSource,
  WRITABLE,
  WRITE_CLOSED,
} from "../source.ts";
import { addrOf } from "./node-addr.ts";

/** Bytes that are queued for nobody before the socket is paused. One full read of Node's is as much. */
const HIGH_WATER: number = 64 * 1024;
/** What Node itself holds of a paused socket, beside one read. */
export const NODE_HIGH_WATER: number = 16 * 1024;
/** What `tryWrite` copies at most: it can't borrow. */
const LARGEST_TRY: number = 64 * 1024;
/** Milliseconds that a closed socket waits for a peer that takes nothing of what is still to be sent. Arbitrary. */
export const LINGER = 60_000;

// Bits of `_state`.
/** Reading has begun. Never cleared. */
const STARTED = 0x1;
/** Paused: more is queued than wanted. */
const PAUSED = 0x2;
/** The peer will send no more. Never cleared. */
export const ENDED = 0x4;
/** `end` was called. Never cleared. */
export const SHUT = 0x8;
/** Node has carried it out. */
export const FINISHED = 0x10;
/** Connected, once. */
export const OPEN = 0x20;
/** Closing resets. */
const RESET = 0x40;
/** `close` was called, or the socket given away. */
export const CLOSED = 0x80;
/** `error` was thrown to somebody, or asked for. */
const TOLD = 0x100;
/** What is borrowed counts as written already: `tryWrite` has said so. Cleared when it is out. */
export const OWED = 0x200;
/** Small writes go out at once. Here, because most servers set it on every connection. */
const NODELAY = 0x400;

const EMPTY = new Uint8Array(0);
/** A module's own: comparing with an imported one costs a look-up. */
const pending: typeof PENDING = PENDING;

/** Where a socket keeps its source. */
export const SOURCE: unique symbol = Symbol("@rt/net");
export interface Tagged extends Socket {
  [SOURCE]: NodeStream;
}

type Borrowed = Uint8Array | readonly Uint8Array[];

/** Bytes that the kernel did not take at once. */
interface Loan {
  readonly bytes: Borrowed;
  readonly length: number;
  /** They are out, and whoever lent them has not asked again. */
  isBack: boolean;
}

export class NodeStream extends StreamSource {
  _socket: Socket;
  _state: number;
  /** The oldest chunk that was not taken, from `_offset`; the others behind it. */
  _head: Uint8Array | null = null;
  _offset = 0;
  _more: Chunks | null = null;
  _queued = 0;
  /** What the socket is writing from. An object of its own: few sockets ever have one. */
  _loan: Loan | null = null;
  _keepalive = 0;

  /** @param isOpen - false for a socket that is still connecting. */
  constructor(registry: Registry, socket: Socket, isOpen: boolean) {
    super(registry);
    this._socket = socket;
    this._state = isOpen ? OPEN : 0;
    (socket as Tagged)[SOURCE] = this;
    // Node's own does nothing where each direction ends by itself, and a second one makes a list of two: 100 bytes.
    const [own, other] = socket.listeners("end");
    if (socket.allowHalfOpen && own !== undefined && other === undefined)
      socket.off("end", own as () => void);
    socket.on("data", onData);
    socket.on("end", onEnd);
    socket.on("error", onError);
    socket.on("close", onClose);
  }

  // --- opening and closing ---

  override pollOpen(cx: Context): Poll<void> {
    if (this.error !== null) throw this.told();
    if ((this._state & OPEN) !== 0) return;
    this.writer = cx.waker;
    return PENDING;
  }

  opened(): void {
    this._state |= OPEN;
    this.wakeWriter();
  }

  override close(): void {
    if ((this._state & CLOSED) !== 0) return;
    this._state |= CLOSED;
    this.registry.remove(this);
    this.forget();
    const socket = this._socket;
    if ((this._state & RESET) !== 0 && this.canReset()) socket.resetAndDestroy();
    else if (this.error === null && this.lingers()) this.linger();
    else socket.destroy();
    this.wakeBoth();
  }

  /** Whether there is something left to do once it is closed. */
  lingers(): boolean {
    return (this._state & OWED) !== 0;
  }

  /** As a kernel would: what was taken goes out first. Reading tells when the peer sends more, see `arrived`. */
  linger(): void {
    const socket = this._socket;
    socket.setTimeout(LINGER, () => socket.destroy());
    socket.resume();
    socket.destroySoon();
  }

  /** Only TCP knows resets. */
  canReset(): boolean {
    return this._socket.remotePort !== undefined;
  }

  override fail(error: IoError): void {
    this.error = error;
    this._state &= ~ENDED;
    this.close();
  }

  override detach(): unknown {
    const busy = this.isLent() || this.error !== null;
    if (busy || (this._state & (CLOSED | ENDED | SHUT | OPEN)) !== OPEN) return null;
    const socket = this._socket;
    this._state |= CLOSED;
    this.registry.remove(this);
    socket.off("data", onData).off("end", onEnd).off("error", onError).off("close", onClose);
    if ((this._state & STARTED) !== 0) socket.pause();
    if (this._more !== null) socket.unshift(this._more.concat());
    if (this._head !== null) socket.unshift(this._head.subarray(this._offset));
    this.forget();
    this.wakeBoth();
    return socket;
  }

  forget(): void {
    this._head = null;
    this._more = null;
    this._queued = 0;
    this._offset = 0;
  }

  wakeBoth(): void {
    this.wakeReader();
    this.wakeWriter();
  }

  // --- reading ---

  override tryReadChunk(max: number): Uint8Array | undefined | null {
    const head = this._head;
    if (head === null) return this.nothing();
    if (this._more === null && this._offset === 0 && head.length <= max && (this._state & PAUSED) === 0) {
      this._head = null;
      this._queued = 0;
      return head;
    }
    const end = Math.min(head.length, this._offset + max);
    const chunk = head.subarray(this._offset, end);
    this.take(chunk.length);
    return chunk;
  }

  override tryRead(buf: Uint8Array, keep: boolean): number | null {
    if (buf.length === 0) {
      if ((this._state & CLOSED) !== 0) this.nothing();
      return 0;
    }
    if (this._head === null) return this.nothing() === undefined ? 0 : null;
    let count = this.copyTo(buf, 0, this._head, this._offset);
    if (this._more !== null && count < buf.length) count += this._more.copyTo(buf, count);
    if (!keep) this.take(count);
    return count;
  }

  copyTo(buf: Uint8Array, at: number, chunk: Uint8Array, from: number): number {
    const count = Math.min(buf.length - at, chunk.length - from);
    buf.set(from === 0 && count === chunk.length ? chunk : chunk.subarray(from, from + count), at);
    return count;
  }

  /** Takes `count` bytes from the front. */
  take(count: number): void {
    this._queued -= count;
    let left = count + this._offset;
    let head = this._head;
    while (head !== null && left >= head.length) {
      left -= head.length;
      head = this._more?.shift() ?? null;
    }
    this._head = head;
    this._offset = left;
    if (this._more?.length === 0) this._more = null;
    if ((this._state & PAUSED) !== 0 && this._queued < HIGH_WATER) this.resume();
  }

  /** There is nothing to give: says whether there will be. */
  nothing(): undefined | null {
    const state = this._state;
    if ((state & ENDED) !== 0) return undefined;
    if (this.error !== null) throw this.told();
    if ((state & CLOSED) !== 0) throw closed();
    if ((state & (STARTED | PAUSED)) !== STARTED) this.resume();
    return null;
  }

  resume(): void {
    this._state = (this._state | STARTED) & ~PAUSED;
    this._socket.resume();
  }

  arrived(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    if ((this._state & CLOSED) !== 0) {
      // For nobody. It is taken nevertheless: two closed ends that wait for each other to read would do so for ever.
      if (this.canReset()) this._socket.resetAndDestroy();
      return;
    }
    if (this._head === null) this._head = chunk;
    else {
      // A peer may send byte by byte, and nobody may read: small ones are put together.
      this._more ??= new Chunks();
      this._more.push(chunk);
    }
    this._queued += chunk.length;
    if (this.reader === null && this._queued >= HIGH_WATER && (this._state & PAUSED) === 0) {
      this._state |= PAUSED;
      this._socket.pause();
    }
    this.wakeReader();
  }

  ended(): void {
    this._state |= ENDED;
    this.wakeReader();
  }

  failed(error: unknown): void {
    this.error ??= IoError.from(error);
    this.wakeBoth();
  }

  closedByNode(): void {
    if ((this._state & CLOSED) === 0) {
      // Both directions have ended, or it has failed: Node closes a socket by itself then. What is queued stays.
      this._state |= CLOSED;
      this.registry.remove(this);
      if ((this._state & ENDED) === 0) this.error ??= reset();
    }
    this.wakeBoth();
  }

  // --- writing ---

  override pollWrite(cx: Context, buf: Uint8Array): Poll<number> {
    if (this._loan !== null) return this.pollBorrowed(cx, buf);
    const socket = this._socket;
    if (this.error !== null || (this._state & (SHUT | CLOSED | OPEN)) !== OPEN) throw this.cannotWrite();
    if (buf.length === 0) return 0;
    socket.write(buf);
    if (socket.writableLength === 0 && socket.errored === null) return buf.length;
    return this.borrow(cx, buf, buf.length);
  }

  override pollWriteVectored(cx: Context, bufs: readonly Uint8Array[]): Poll<number> {
    if (this._loan !== null) return this.pollBorrowed(cx, bufs);
    const socket = this._socket;
    if (this.error !== null || (this._state & (SHUT | CLOSED | OPEN)) !== OPEN) throw this.cannotWrite();
    let total = 0;
    socket.cork();
    for (const buf of bufs) {
      if (buf.length === 0) continue;
      total += buf.length;
      socket.write(buf);
    }
    socket.uncork();
    if (socket.writableLength === 0 && socket.errored === null) return total;
    return this.borrow(cx, bufs, total);
  }

  /** The kernel did not take all of it. */
  borrow(cx: Context, what: Borrowed, length: number): Poll<number> {
    const socket = this._socket;
    if (socket.errored !== null) {
      this.failed(socket.errored);
      throw this.told();
    }
    this.writer = cx.waker;
    this.lend(what, length);
    return pending;
  }

  lend(bytes: Borrowed, length: number): void {
    const loan: Loan = { bytes, length, isBack: false };
    this._loan = loan;
    this._socket.write(EMPTY, (error) => {
      if (error) this.error ??= IoError.from(error);
      if (error || (this._state & OWED) !== 0) this._loan = null;
      else loan.isBack = true;
      this._state &= ~OWED;
      this.wakeWriter();
    });
  }

  isLent(): boolean {
    return this._loan !== null && !this._loan.isBack;
  }

  pollBorrowed(cx: Context, what: Borrowed): Poll<number> {
    if (this.error !== null) throw this.told();
    const loan = this._loan as Loan;
    if (!loan.isBack) {
      if ((this._state & CLOSED) !== 0) throw this.cannotWrite();
      this.writer = cx.waker;
      return pending;
    }
    this._loan = null;
    if (isSame(loan.bytes, what)) return loan.length;
    // Somebody else's, who has given up: it is written, and this is another write.
    return isBytes(what) ? this.pollWrite(cx, what) : this.pollWriteVectored(cx, what);
  }

  override tryWrite(buf: Uint8Array): number | null {
    if (this.error !== null || (this._state & (SHUT | CLOSED | OPEN)) !== OPEN) throw this.cannotWrite();
    if (this.isLent()) return null;
    this._loan = null;
    if (buf.length === 0) return 0;
    const copy = Uint8Array.prototype.slice.call(buf, 0, LARGEST_TRY);
    const socket = this._socket;
    socket.write(copy);
    if (socket.errored !== null) {
      this.failed(socket.errored);
      throw this.told();
    }
    if (socket.writableLength > 0) {
      this._state |= OWED;
      this.lend(copy, copy.length);
    }
    return copy.length;
  }

  override pollFlush(cx: Context): Poll<void> {
    if (this.error !== null) throw this.told();
    if (!this.isLent()) {
      this._loan = null;
      return;
    }
    if ((this._state & CLOSED) !== 0) throw this.cannotWrite();
    this.writer = cx.waker;
    return PENDING;
  }

  override pollShutdown(cx: Context): Poll<void> {
    // One that has failed has nothing left to shut down: Tokio takes ENOTCONN for done, too.
    if ((this._state & (FINISHED | CLOSED)) !== 0 || this.error !== null) return;
    this.shutdown();
    if ((this._state & (FINISHED | SHUT)) !== SHUT) return;
    this.writer = cx.waker;
    return PENDING;
  }

  override shutdown(): void {
    if ((this._state & (SHUT | CLOSED)) !== 0) return;
    this._state |= SHUT;
    this._socket.once("finish", onFinish);
    this.end();
  }

  end(): void {
    this._socket.end();
  }

  finished(): void {
    this._state |= FINISHED;
    this.wakeWriter();
  }

  cannotWrite(): Error {
    if (this.error !== null) return this.told();
    if ((this._state & SHUT) !== 0)
      return new IoError("BrokenPipe", "Cannot write: the stream was shut down");
    return closed();
  }

  // --- readiness ---

  override readiness(): number {
    const state = this._state;
    let bits = 0;
    if (this.error !== null) bits |= ERROR | READABLE | READ_CLOSED | WRITABLE | WRITE_CLOSED;
    if (this._head !== null) bits |= READABLE;
    if ((state & ENDED) !== 0) bits |= READABLE | READ_CLOSED;
    if ((state & (SHUT | CLOSED)) !== 0) bits |= WRITABLE | WRITE_CLOSED;
    else if (!this.isLent() && (state & OPEN) !== 0) bits |= WRITABLE;
    if ((bits & READABLE) === 0 && (state & (CLOSED | STARTED)) === 0) this.resume();
    return bits;
  }

  // --- the rest ---

  told(): IoError {
    this._state |= TOLD;
    return this.error as IoError;
  }

  override takeError(): IoError | null {
    if (this.error === null || (this._state & TOLD) !== 0) return null;
    return this.told();
  }

  override localAddr(): SocketAddr {
    return connectedAddr(this._socket.localAddress, this._socket.localPort);
  }

  override peerAddr(): SocketAddr {
    return connectedAddr(this._socket.remoteAddress, this._socket.remotePort);
  }

  override setZeroLinger(on: boolean): void {
    this._state = on ? this._state | RESET : this._state & ~RESET;
  }

  override isZeroLinger(): boolean {
    return (this._state & RESET) !== 0;
  }

  override setOption(name: StreamOption, value: number): void {
    const socket = this._socket;
    if (name === "nodelay") {
      socket.setNoDelay(value !== 0);
      this._state = value === 0 ? this._state & ~NODELAY : this._state | NODELAY;
    } else if (name === "keepalive") {
      // 0 turns it off, else it is the delay before the first probe.
      socket.setKeepAlive(value !== 0, value);
      this._keepalive = value;
    } else if (typeof socket.setTypeOfService !== "function") throw noTypeOfService();
    else
      try {
        socket.setTypeOfService(value);
      } catch (error) {
        throw IoError.from(error);
      }
  }

  override option(name: StreamOption): number {
    if (name === "nodelay") return (this._state & NODELAY) === 0 ? 0 : 1;
    if (name === "keepalive") return this._keepalive;
    if (typeof this._socket.getTypeOfService !== "function") throw noTypeOfService();
    return this._socket.getTypeOfService();
  }
}

function noTypeOfService(): UnsupportedError {
  return new UnsupportedError(
    "Cannot set the type of service: this version of Node has no way to; use a newer one",
  );
}

/** Whether `b` are the bytes that were lent as `a`, and not those of somebody else. */
function isSame(a: Borrowed, b: Borrowed): boolean {
  if (a === b) return true;
  if (isBytes(a) || isBytes(b)) return isBytes(a) && isBytes(b) && isSameView(a, b);
  return a.length === b.length && a.every((view, i) => isSameView(view, b[i] as Uint8Array));
}

function isSameView(a: Uint8Array, b: Uint8Array): boolean {
  return a.buffer === b.buffer && a.byteOffset === b.byteOffset && a.length === b.length;
}

function closed(): IoError {
  return new IoError("BrokenPipe", "Cannot go on: the socket is closed");
}

function reset(): IoError {
  return new IoError("ConnectionReset", "Cannot go on: the socket was closed before its end", {
    code: "ECONNRESET",
  });
}

function connectedAddr(address: string | undefined, port: number | undefined): SocketAddr {
  if (address === undefined || port === undefined)
    throw new IoError("NotConnected", "Cannot tell the address: the socket is not connected any more", {
      code: "ENOTCONN",
    });
  return addrOf(address, port);
}

// One of each for all sockets.

function onData(this: Socket, chunk: Uint8Array): void {
  const source = (this as Tagged)[SOURCE];
  const { events } = source.registry;
  events.begin();
  source.arrived(chunk);
  events.end(chunk.length);
}

function onEnd(this: Socket): void {
  (this as Tagged)[SOURCE].ended();
}

function onError(this: Socket, error: Error): void {
  (this as Tagged)[SOURCE].failed(error);
}

function onClose(this: Socket): void {
  (this as Tagged)[SOURCE].closedByNode();
}

function onFinish(this: Socket): void {
  (this as Tagged)[SOURCE].finished();
}
