/**
 * A datagram source over `dgram.Socket`.
 *
 * Node hands over every datagram as it comes and can't be told to wait, so those that nobody has asked for are queued
 * here; beyond {@link LIMIT} the newest are thrown away, as a kernel does whose buffer is full.
 */
import { PENDING, UsageError, type Context, type Poll, type Waker } from "@rt/core";
import { wakeSafely } from "@rt/core/driver";
import { IoError } from "@rt/io";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import type { SocketAddr } from "../../addr.ts";
import {
  type Datagram,
  type DatagramOption,
  DatagramSource,
  ERROR,
  type MulticastGroup,
  READABLE,
  type Registry,
  WRITABLE,
} from "../source.ts";
import { interfaceName } from "./interfaces.ts";
import { addrOf, nodeAddress } from "./node-addr.ts";

/** What Linux gives a socket by default. */
const LIMIT = 212_992;
/** What a datagram is charged beside its bytes; in a kernel it is about as much. */
const OVERHEAD = 256;

/** What a new socket has. */
const DEFAULTS: Readonly<Record<DatagramOption, number>> = {
  broadcast: 0,
  multicastLoop: 1,
  multicastTtl: 1,
  ttl: 64,
};

/** Where a socket keeps its source. */
const SOURCE: unique symbol = Symbol("@rt/net");
interface Tagged extends Socket {
  [SOURCE]: NodeDatagram;
}

interface Queued {
  readonly data: Uint8Array;
  readonly info: RemoteInfo;
}

type Done = (error: IoError | null) => void;

export class NodeDatagram extends DatagramSource {
  readonly _socket: Socket;
  readonly _options: Partial<Record<DatagramOption, number>> = {};
  _queue: Queued[] = [];
  /** The oldest that was not taken: those before it are gone. */
  _at = 0;
  _held = 0;
  _isOpen = false;
  _isClosed = false;
  _isConnected = false;
  _isConnecting = false;
  /** Connects again, behind the one that is under way. */
  _again: (() => void) | null = null;
  _opener: Waker | null = null;
  /** What the socket was told and nobody has heard. */
  _failure: IoError | null = null;

  constructor(registry: Registry, local: SocketAddr) {
    super(registry);
    const socket = createSocket(local.family === "IPv6" ? "udp6" : "udp4");
    this._socket = socket;
    (socket as Tagged)[SOURCE] = this;
    socket.on("message", onMessage).on("listening", onListening).on("error", onError);
  }

  bind(local: SocketAddr): void {
    this._socket.bind({ address: nodeAddress(local), port: local.port, exclusive: true });
  }

  override pollOpen(cx: Context): Poll<void> {
    if (this.error !== null) throw this.error;
    if (this._isOpen) return;
    this._opener = cx.waker;
    return PENDING;
  }

  override close(): void {
    if (this._isClosed) return;
    this._isClosed = true;
    this.registry.remove(this);
    this._queue = [];
    this._at = 0;
    this._socket.close();
    this.readers.wakeAll(-1);
    this.waiters.wakeAll(-1);
    this.wakeOpener();
  }

  override fail(error: IoError): void {
    this.error = error;
    this.close();
  }

  check(): void {
    if (this.error !== null) throw this.error;
    if (this._isClosed)
      throw new UsageError(
        "ERR_RT_DISPOSED",
        "Cannot use a socket that was closed; keep it open, or bind a new one",
      );
  }

  // --- receiving ---

  override tryRecv(keep: boolean): Datagram | null {
    this.check();
    const queue = this._queue;
    const oldest = queue[this._at];
    if (oldest === undefined) {
      const failure = this.takeError();
      if (failure !== null) throw failure;
      return null;
    }
    if (!keep) {
      this._held -= oldest.data.length + OVERHEAD;
      this._at += 1;
      // Half of it is gone: the rest moves up, which costs one step for each that went.
      if (this._at * 2 >= queue.length) {
        queue.splice(0, this._at);
        this._at = 0;
      }
    }
    return { data: oldest.data, from: addrOf(oldest.info.address, oldest.info.port) };
  }

  override readiness(): number {
    this.check();
    const there = this._queue.length > this._at ? READABLE : 0;
    return (
      there | (this.hasRoom() ? WRITABLE : 0) | (this._failure === null ? 0 : ERROR | READABLE | WRITABLE)
    );
  }

  arrived(data: Uint8Array, info: RemoteInfo): void {
    if (this._held >= LIMIT) return;
    this._held += data.length + OVERHEAD;
    this._queue.push({ data, info });
    this.readers.wakeFirst();
    this.waiters.wakeAll(READABLE);
  }

  // --- sending ---

  override hasRoom(): boolean {
    return this._socket.getSendQueueCount() === 0;
  }

  override send(data: Uint8Array, to: SocketAddr | null, done: Done | null): void {
    this.check();
    const socket = this._socket;
    const told = (error: Error | null): void => {
      if (done !== null) done(error === null ? null : IoError.from(error));
      else if (error !== null) this.failed(error);
      this.waiters.wakeAll(WRITABLE);
    };
    try {
      if (to === null) {
        this.peerAddr();
        socket.send(data, told);
      } else if (!this._isConnected) socket.send(data, to.port, nodeAddress(to), told);
      else if (this.peerAddr().equals(to)) socket.send(data, told);
      else throw connectedElsewhere(this.peerAddr(), to);
    } catch (error) {
      throw IoError.from(error);
    }
  }

  override connect(peer: SocketAddr, done: Done): void {
    this.check();
    const socket = this._socket;
    if (this._isConnecting) {
      // Node refuses a second one, and whoever wanted the first may have given up.
      const before = this._again;
      this._again = () => {
        before?.();
        try {
          this.connect(peer, done);
        } catch (error) {
          done(IoError.from(error));
        }
      };
      return;
    }
    try {
      if (this._isConnected) socket.disconnect();
      this._isConnected = false;
      // The callback is told of failures, too; the types don't know.
      socket.connect(peer.port, nodeAddress(peer), ((error?: Error | null) => {
        this._isConnecting = false;
        if (error) done(IoError.from(error));
        else {
          this._isConnected = true;
          done(null);
        }
        const again = this._again;
        this._again = null;
        if (!this._isClosed) again?.();
      }) as () => void);
      this._isConnecting = true;
    } catch (error) {
      throw IoError.from(error);
    }
  }

  // --- the rest ---

  override localAddr(): SocketAddr {
    this.check();
    const { address, port } = this._socket.address();
    return addrOf(address, port);
  }

  override peerAddr(): SocketAddr {
    this.check();
    if (!this._isConnected)
      throw new IoError(
        "NotConnected",
        "Cannot tell the peer: the socket is not connected; connect it, or use sendTo",
        {
          code: "ENOTCONN",
        },
      );
    const { address, port } = this._socket.remoteAddress();
    return addrOf(address, port);
  }

  override setOption(name: DatagramOption, value: number): void {
    this.check();
    const socket = this._socket;
    attempt(() => {
      if (name === "broadcast") socket.setBroadcast(value !== 0);
      else if (name === "multicastLoop") socket.setMulticastLoopback(value !== 0);
      else if (name === "multicastTtl") socket.setMulticastTTL(value);
      else socket.setTTL(value);
    });
    this._options[name] = value;
  }

  override option(name: DatagramOption): number {
    this.check();
    return this._options[name] ?? DEFAULTS[name];
  }

  override join({ group, via }: MulticastGroup): void {
    this.check();
    attempt(() => this._socket.addMembership(group, interfaceOf(via)));
  }

  override leave({ group, via }: MulticastGroup): void {
    this.check();
    attempt(() => this._socket.dropMembership(group, interfaceOf(via)));
  }

  override takeError(): IoError | null {
    const failure = this._failure;
    this._failure = null;
    return failure;
  }

  listening(): void {
    this._isOpen = true;
    this.wakeOpener();
  }

  failed(error: unknown): void {
    if (this._isOpen) {
      this._failure = IoError.from(error);
      this.readers.wakeFirst();
      this.waiters.wakeAll(-1);
      return;
    }
    this.error = IoError.from(error);
    this.wakeOpener();
  }

  wakeOpener(): void {
    const waker = this._opener;
    this._opener = null;
    if (waker !== null) wakeSafely(waker);
  }
}

function attempt(call: () => void): void {
  try {
    call();
  } catch (error) {
    throw IoError.from(error);
  }
}

/** Node wants `::%eth0` where others give the interface's index. */
function interfaceOf(via: string | number | undefined): string | undefined {
  if (typeof via !== "number") return via;
  return via === 0 ? undefined : `::%${interfaceName(via)}`;
}

function connectedElsewhere(peer: SocketAddr, to: SocketAddr): IoError {
  return new IoError(
    "InvalidInput",
    `Cannot send to ${String(to)}: the socket is connected to ${String(peer)}; use send(), or a socket that is not connected`,
    { code: "ERR_SOCKET_DGRAM_IS_CONNECTED", address: to.address, port: to.port },
  );
}

function onMessage(this: Socket, data: Uint8Array, info: RemoteInfo): void {
  const source = (this as Tagged)[SOURCE];
  const { events } = source.registry;
  events.begin();
  source.arrived(data, info);
  events.end(data.length);
}

function onListening(this: Socket): void {
  (this as Tagged)[SOURCE].listening();
}

function onError(this: Socket, error: Error): void {
  (this as Tagged)[SOURCE].failed(error);
}
