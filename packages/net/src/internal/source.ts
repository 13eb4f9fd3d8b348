/**
 * What the sockets of this package ask of the platform.
 *
 * `TcpStream` and its like know nothing of Node: each holds one source, made by the {@link Sockets} of the runtime's
 * I/O driver, and does nothing but ask it. Today's are in `sys/`, over `node:net` and `node:dgram`. A native reactor
 * is another `Sockets` under another driver: readiness (epoll) and completion (io_uring) both fit, because nothing
 * here says when the platform reads, only what is there:
 *
 *  - reading is "give me what has arrived": a chunk that is the caller's, or bytes into the caller's array. A source
 *    that has nothing begins to read if it has not yet, and calls {@link StreamSource.wakeReader} when that changes.
 *    It reads ahead as little as it likes, and stops when nobody takes what it has.
 *  - writing lends the caller's bytes until they are in the kernel; then they are the caller's again.
 *  - everything is polled, and the waker of the last poll counts; any number of futures may wait for readiness.
 *
 * Every source is on the list of its driver from its making until it is closed, so that a shutdown finds it.
 */
import { PENDING, type Context, type Poll, type Waker } from "@rt/core";
import { wakeSafely } from "@rt/core/driver";
import type { IoError } from "@rt/io";
import type { SocketAddr } from "../addr.ts";
import type { Gather } from "./gather.ts";
import { WaitList } from "./wait-list.ts";

/** Readiness, as bits; `Ready` of the public face wraps them. Tokio's numbers. */
export const READABLE = 0x1;
export const WRITABLE = 0x2;
export const READ_CLOSED = 0x4;
export const WRITE_CLOSED = 0x8;
export const PRIORITY = 0x10;
export const ERROR = 0x20;

/** What a source needs of its driver: to be found at a shutdown, and to run those that an event has woken. */
export interface Registry {
  /** Told of the beginning and the end of every callback that may wake many a time in one turn. */
  readonly events: Gather;
  /** Set once the runtime has shut down: every source fails with it. */
  readonly failure: IoError | null;
  add(source: Source): void;
  remove(source: Source): void;
}

/** Anything of the platform that is opened and closed. */
export abstract class Source {
  readonly registry: Registry;
  /** Why nothing works any more. */
  error: IoError | null = null;
  previous: Source | null = null;
  next: Source | null = null;

  constructor(registry: Registry) {
    this.registry = registry;
    registry.add(this);
  }

  /** Ready once the source can be used; throws when it can't be opened. */
  abstract pollOpen(cx: Context): Poll<void>;
  /** Lets go of it at once, like close(2). Doing it again does nothing. */
  abstract close(): void;
  /** Ends it: what waits is woken, and everything throws `error` from now on. */
  abstract fail(error: IoError): void;
}

/** Options a source may know how to set. Those it does not know throw `UnsupportedError`. */
export type StreamOption = "nodelay" | "keepalive" | "tos";

/** A connected stream of bytes. */
export abstract class StreamSource extends Source {
  /** Who waits for bytes, and who for room. */
  reader: Waker | null = null;
  writer: Waker | null = null;
  /** Who waits for readiness: made when somebody does. */
  waiters: WaitList | null = null;

  // --- reading ---

  /** The next bytes, at most `max`; `undefined` at the end; null when there are none yet. Throws what went wrong. */
  abstract tryReadChunk(max: number): Uint8Array | undefined | null;
  /** The same into `buf`, from its start: their number, 0 at the end. `keep` leaves them to be read again. */
  abstract tryRead(buf: Uint8Array, keep: boolean): number | null;

  pollReadChunk(cx: Context, max: number): Poll<Uint8Array | undefined> {
    const chunk = this.tryReadChunk(max);
    if (chunk !== null) return chunk;
    this.reader = cx.waker;
    return PENDING;
  }

  pollRead(cx: Context, buf: Uint8Array, keep: boolean): Poll<number> {
    const count = this.tryRead(buf, keep);
    if (count !== null) return count;
    this.reader = cx.waker;
    return PENDING;
  }

  // --- writing ---

  /** Borrows `buf` while pending, see `AsyncWrite.pollWrite` of `@rt/io`. */
  abstract pollWrite(cx: Context, buf: Uint8Array): Poll<number>;
  /** The same for several arrays, one behind the other. */
  abstract pollWriteVectored(cx: Context, bufs: readonly Uint8Array[]): Poll<number>;
  /** Takes what fits of `buf` without borrowing; null when there is no room. */
  abstract tryWrite(buf: Uint8Array): number | null;
  /** Ready when nothing is borrowed. */
  abstract pollFlush(cx: Context): Poll<void>;
  /** Ends the direction of writing. */
  abstract pollShutdown(cx: Context): Poll<void>;
  /** Begins to, without waiting. */
  abstract shutdown(): void;

  // --- readiness ---

  /** The bits that hold now. Begins to read if nothing is there to tell whether it is readable. */
  abstract readiness(): number;

  /** There is something to read, or there never will be. */
  wakeReader(): void {
    const waker = this.reader;
    this.reader = null;
    if (waker !== null) wakeSafely(waker);
    this.waiters?.wakeAll(READABLE | READ_CLOSED | ERROR);
  }

  /** There is room to write, or there never will be. */
  wakeWriter(): void {
    const waker = this.writer;
    this.writer = null;
    if (waker !== null) wakeSafely(waker);
    this.waiters?.wakeAll(WRITABLE | WRITE_CLOSED | ERROR);
  }

  // --- the rest ---

  abstract localAddr(): SocketAddr;
  abstract peerAddr(): SocketAddr;
  /** For sockets that have a path instead; empty for one without a name. */
  localPath = "";
  peerPath = "";
  /** Makes `close` send a reset and throw away what is unsent. */
  abstract setZeroLinger(on: boolean): void;
  abstract isZeroLinger(): boolean;
  abstract setOption(name: StreamOption, value: number): void;
  abstract option(name: StreamOption): number;
  /** What went wrong and was told nobody yet. Told once. */
  abstract takeError(): IoError | null;
  /** The platform's own stream, for a layer (TLS) that takes it over. Null if there is none, or it can't be had now. */
  abstract detach(): unknown;
}

/** A connection that was accepted, and who it is from. */
export interface Accepted {
  readonly source: StreamSource;
  readonly peer: SocketAddr | null;
}

/** Something that accepts streams. */
export abstract class ListenerSource extends Source {
  readonly waiters: WaitList = new WaitList();
  /** Who polls by hand, beside those who stand in line: nobody knows whether it will poll again. */
  poller: Waker | null = null;
  /** The next connection; null when there is none now. Throws what went wrong since the last call; it may go on. */
  abstract tryAccept(): Accepted | null;
  abstract localAddr(): SocketAddr;
  /** For those that have a path instead. */
  abstract localPath(): string;

  /** There is a connection, or a failure, for one to take. */
  wakeAcceptor(): void {
    this.wakePoller();
    this.waiters.wakeFirst();
  }

  wakePoller(): void {
    const waker = this.poller;
    this.poller = null;
    if (waker !== null) wakeSafely(waker);
  }
}

/** A datagram that has arrived. */
export interface Datagram {
  readonly data: Uint8Array;
  readonly from: SocketAddr;
}

export interface MulticastGroup {
  readonly group: string;
  /** The address of an interface (IPv4), or its index (IPv6); undefined for the platform's choice. */
  readonly via: string | number | undefined;
}

export type DatagramOption = "broadcast" | "multicastLoop" | "multicastTtl" | "ttl";

/** A socket for datagrams. */
export abstract class DatagramSource extends Source {
  /** Who waits for a datagram, and who for readiness or by hand: those are all woken, as they may not take it. */
  readonly readers: WaitList = new WaitList();
  readonly waiters: WaitList = new WaitList();
  /** The oldest datagram that has arrived; null when there is none. `keep` leaves it there. */
  abstract tryRecv(keep: boolean): Datagram | null;
  /**
   * Begins to send; `done` is told the outcome once, unless the socket is closed meanwhile. The platform has `data` until
   * then. Without `done`, a failure is for a later operation.
   */
  abstract send(
    data: Uint8Array,
    to: SocketAddr | null,
    done: ((error: IoError | null) => void) | null,
  ): void;
  /** Whether what is sent now would not have to queue. */
  abstract hasRoom(): boolean;
  /** Fixes the peer; `done` is told the outcome once. */
  abstract connect(peer: SocketAddr, done: (error: IoError | null) => void): void;
  abstract localAddr(): SocketAddr;
  abstract peerAddr(): SocketAddr;
  /** The bits that hold now. */
  abstract readiness(): number;
  abstract setOption(name: DatagramOption, value: number): void;
  abstract option(name: DatagramOption): number;
  abstract join(group: MulticastGroup): void;
  abstract leave(group: MulticastGroup): void;
  abstract takeError(): IoError | null;
}

/** How a TCP socket is to be opened. */
export interface TcpOptions {
  readonly local?: SocketAddr | undefined;
  readonly backlog?: number | undefined;
  readonly reusePort?: boolean | undefined;
  /** Set on the connection, or on each that is accepted. */
  readonly stream?: Partial<Record<StreamOption, number>> | undefined;
  readonly zeroLinger?: boolean | undefined;
}

/** Which end of a pipe. */
export interface PipeEnd {
  readonly reads: boolean;
  readonly writes: boolean;
}

/** Makes sources: the one thing that an I/O driver brings along. */
export interface Sockets {
  connectTcp(registry: Registry, peer: SocketAddr, options: TcpOptions): StreamSource;
  listenTcp(registry: Registry, local: SocketAddr, options: TcpOptions): ListenerSource;
  bindUdp(registry: Registry, local: SocketAddr): DatagramSource;
  /** `path` may be that of a file, of a Windows pipe, or an abstract name, which begins with a zero. */
  connectPath(registry: Registry, path: string): StreamSource;
  listenPath(registry: Registry, path: string): ListenerSource;
  /** A name for {@link Sockets.listenPath} that nobody can guess. */
  privatePath(): string;
  /** Opens a FIFO as `opened` says, to use one end, without waiting for the other. Throws at once. */
  openFifo(registry: Registry, path: string, opened: PipeEnd, end: PipeEnd, check: boolean): StreamSource;
  /** Takes over the descriptor of a pipe. Throws at once. */
  pipe(registry: Registry, fd: number, end: PipeEnd, check: boolean): StreamSource;
  /** Addresses of a name. `done` is called once, unless what this gives is called before. */
  lookup(
    name: string,
    port: number,
    done: (error: IoError | null, addrs: readonly SocketAddr[]) => void,
  ): () => void;
}
