/** Addresses, in all the ways they can be written. */
import { type Context, Future, Handle, PENDING, type Poll, type Waker } from "@rt/core";
import { checkInteger, holdClock, madeProgress, pollProceed, show, wakeSafely } from "@rt/core/driver";
import { IoError } from "@rt/io";
import { ipVersion } from "./internal/sys/platform.ts";
import { ioKey } from "./io-driver.ts";

/**
 * An IP address and a port. As text it is `127.0.0.1:80` or `[::1]:80`.
 * @see Tokio `std::net::SocketAddr`
 * @public
 */
export class SocketAddr {
  /** The IP address. */
  readonly address: string;
  readonly port: number;
  readonly family: "IPv4" | "IPv6";

  /** @throws IoError `InvalidInput` when `address` is not an IP address. */
  constructor(address: string, port: number) {
    const version = ipVersion(address);
    if (version === 0) throw invalid(`${show(address)} is not an IP address; look names up with lookupHost`);
    checkPort(port);
    this.address = address;
    this.port = port;
    this.family = version === 6 ? "IPv6" : "IPv4";
  }

  /** Reads `127.0.0.1:80` and `[::1]:80`. @throws IoError `InvalidInput` for anything else. */
  static parse(text: string): SocketAddr {
    const { host, port } = split(text);
    return new SocketAddr(host, port);
  }

  toString(): string {
    return this.family === "IPv6" ? `[${this.address}]:${this.port}` : `${this.address}:${this.port}`;
  }
}

/**
 * What takes the place of an address: `"localhost:80"`, `["localhost", 80]`, `{ host: "localhost", port: 80 }`, what
 * Node calls an address (`{ address: "127.0.0.1", port: 80 }`), a {@link SocketAddr}, or a list of them. An IP address
 * is taken as it is; a name is looked up.
 * @see Tokio `net::ToSocketAddrs`
 * @public
 */
export type SocketAddrLike =
  | string
  | readonly [host: string, port: number]
  | { readonly host: string; readonly port: number }
  | { readonly address: string; readonly port: number }
  | readonly SocketAddrLike[];

/** A host that may be a name. */
interface HostPort {
  readonly host: string;
  readonly port: number;
}

function invalid(why: string): IoError {
  return new IoError("InvalidInput", `Cannot use the address: ${why}`);
}

function checkPort(port: number): void {
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw invalid(`the port must be an integer from 0 to 65535, not ${show(port)}`);
}

function split(text: string): HostPort {
  const colon = text.lastIndexOf(":");
  const digits = text.slice(colon + 1);
  if (colon < 1 || !/^\d{1,5}$/.test(digits)) throw invalid(`${show(text)} is not of the form host:port`);
  const host = text.slice(0, colon);
  const port = Number(digits);
  checkPort(port);
  return { host: host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host, port };
}

/** One by one, whatever was given. */
function flatten(addr: SocketAddrLike, to: (SocketAddr | HostPort)[]): (SocketAddr | HostPort)[] {
  if (addr instanceof SocketAddr) to.push(addr);
  else if (typeof addr === "string") to.push(hostPort(split(addr)));
  else if (isPair(addr)) to.push(hostPort({ host: addr[0], port: addr[1] }));
  else if (Array.isArray(addr)) for (const one of addr as readonly SocketAddrLike[]) flatten(one, to);
  else if (typeof addr !== "object" || addr === null) throw invalid(`${show(addr)} is none`);
  else if ("host" in addr) to.push(hostPort(addr));
  else if ("address" in addr) to.push(new SocketAddr(addr.address, addr.port));
  else throw invalid(`${show(addr)} has no host`);
  return to;
}

function isPair(addr: SocketAddrLike): addr is readonly [string, number] {
  return Array.isArray(addr) && addr.length === 2 && typeof addr[1] === "number";
}

function hostPort({ host, port }: HostPort): SocketAddr | HostPort {
  checkPort(port);
  if (typeof host !== "string" || host === "") throw invalid(`${show(host)} is no host`);
  return ipVersion(host) === 0 ? { host, port } : new SocketAddr(host, port);
}

/** Resolves to at least one address. */
export class Resolve extends Future<readonly SocketAddr[]> {
  readonly #input: SocketAddrLike;
  /** Nothing found is an answer, too. */
  readonly #mayBeEmpty: boolean;
  #rest: (SocketAddr | HostPort)[] | null = null;
  readonly #found: SocketAddr[] = [];
  #waker: Waker | null = null;
  #cancel: (() => void) | null = null;
  #error: IoError | null = null;

  constructor(input: SocketAddrLike, mayBeEmpty: boolean) {
    super();
    this.#input = input;
    this.#mayBeEmpty = mayBeEmpty;
  }

  override poll(cx: Context): Poll<readonly SocketAddr[]> {
    if (!pollProceed(cx)) return PENDING;
    const rest = (this.#rest ??= flatten(this.#input, []).toReversed());
    for (;;) {
      if (this.#cancel !== null) {
        this.#waker = cx.waker;
        return PENDING;
      }
      if (this.#error !== null) throw this.#error;
      const next = rest.pop();
      if (next === undefined) break;
      if (next instanceof SocketAddr) this.#found.push(next);
      else this.#look(next);
    }
    madeProgress();
    if (this.#found.length === 0 && !this.#mayBeEmpty) throw invalid("there is none");
    return this.#found;
  }

  override drop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  override describe(): string {
    return "the address of a name (lookupHost())";
  }

  #look({ host, port }: HostPort): void {
    const handle = Handle.current();
    // A name server takes its time: a paused clock does not run past it.
    const release = holdClock(handle);
    const cancel = handle.driver(ioKey).sockets.lookup(host, port, (error, addrs) => {
      release();
      this.#cancel = null;
      this.#error = error;
      this.#found.push(...addrs);
      const waker = this.#waker;
      this.#waker = null;
      if (waker !== null) wakeSafely(waker);
    });
    this.#cancel = () => {
      cancel();
      release();
    };
  }
}

/**
 * Looks a name up; gives its addresses in the order in which the system prefers them. An IP address is given as it is.
 *
 * Cancel safety: giving up forgets the question; the system may still be asking.
 * @throws {@link IoError} with Node's `code` (`ENOTFOUND`, `EAI_AGAIN`) when the name is not known, `InvalidInput`
 * when `host` can't be one.
 * @example
 * ```ts
 * const [addr] = yield* lookupHost("127.0.0.1:80");
 * String(addr); // => "127.0.0.1:80"
 * ```
 * @see Tokio `net::lookup_host`
 * @public
 */
export function lookupHost(host: SocketAddrLike): Future<readonly SocketAddr[]> {
  return new Resolve(host, true);
}

/** Throws unless `backlog` can be one. */
export function checkBacklog(backlog: number): void {
  checkInteger("backlog", backlog, 1, 0x7fff_ffff);
}
