/** Addresses, in all the ways they can be written. */
import { type Context, Future, Handle, PENDING, type Poll, type Waker } from "@rt/core";
import { checkInteger, holdClockFor, madeProgress, pollProceed, show, wakeSafely } from "@rt/core/driver";
import { IoError } from "@rt/io";
import { ipv6Form, isIpv4 } from "./internal/ip-text.ts";
import { withNumber } from "./internal/sys/interfaces.ts";
import { ioKey } from "./io-driver.ts";

/**
 * An IP address and a port. As text it is `127.0.0.1:80` or `[::1]:80`.
 *
 * Equal addresses have equal texts, wherever they come from: an IPv6 address is written as RFC 5952 says, in lower case
 * and with the longest run of zeros left out. The scope id of a link-local one is a number: `[fe80::1%2]:80`.
 * @see Tokio `std::net::SocketAddr`
 * @public
 */
export class SocketAddr {
  /** The IP address; an IPv6 one with its scope id, unless that is 0. */
  readonly address: string;
  readonly port: number;
  readonly family: "IPv4" | "IPv6";

  /** @throws IoError `InvalidInput` when `address` is not an IP address, or `port` not one from 0 to 65535. */
  constructor(address: string, port: number) {
    checkPort(port);
    this.address = canonical(address);
    this.port = port | 0; // not -0
    this.family = this.address.includes(":") ? "IPv6" : "IPv4";
  }

  /**
   * Reads what Rust's `SocketAddr` reads: `127.0.0.1:80`, `[::1]:80`, `[fe80::1%2]:80`.
   * @throws IoError `InvalidInput` for anything else: names, IPv6 without brackets or IPv4 in them, leading zeros in IPv4,
   * whitespace, a port that is missing or above 65535.
   */
  static parse(text: string): SocketAddr {
    const { host, port, isBracketed } = split(text);
    if (isBracketed || isIpv4(host)) return new SocketAddr(host, port);
    throw invalid(`${show(host)} is not an IP address; look names up with lookupHost`);
  }

  /** Whether it is the same address and port. An IPv4 address and the IPv6 one it can be written as are two. */
  equals(other: SocketAddr): boolean {
    return this.port === other.port && this.address === other.address;
  }

  toString(): string {
    return this.family === "IPv6" ? `[${this.address}]:${this.port}` : `${this.address}:${this.port}`;
  }
}

/** The one form of an IP address. */
function canonical(address: string): string {
  if (typeof address === "string") {
    if (isIpv4(address)) return address;
    const form = ipv6Form(address);
    if (form !== null) return form;
  }
  throw invalid(`${show(address)} is not an IP address; look names up with lookupHost`);
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

interface Parts extends HostPort {
  /** As an IPv6 address has to be, and nothing else may; it is one then. */
  readonly isBracketed: boolean;
}

const BRACKETED: RegExp = /^\[([^[\]]*)\]:(\d+)$/;
const PLAIN: RegExp = /^([^:]+):(\d+)$/;

function split(text: string): Parts {
  if (typeof text !== "string") throw invalid(`${show(text)} is no text`);
  const bracketed = BRACKETED.exec(text);
  const [, host, digits] = bracketed ?? PLAIN.exec(text) ?? [];
  if (host === undefined || digits === undefined || (bracketed !== null && ipv6Form(host) === null)) {
    const isBare = text.split(":").length > 2 && !text.includes("[");
    const remedy = isBare ? "; an IPv6 address goes into brackets, as in [::1]:80" : "";
    throw invalid(`${show(text)} is not of the form host:port${remedy}`);
  }
  const port = Number(digits);
  checkPort(port);
  return { host, port, isBracketed: bracketed !== null };
}

/** One by one, whatever was given. */
function flatten(addr: SocketAddrLike, to: (SocketAddr | HostPort)[]): (SocketAddr | HostPort)[] {
  if (addr instanceof SocketAddr) to.push(addr);
  else if (typeof addr === "string") to.push(hostPort(split(addr)));
  else if (isPair(addr)) to.push(hostPort({ host: addr[0], port: addr[1] }));
  else if (Array.isArray(addr)) for (const one of addr as readonly SocketAddrLike[]) flatten(one, to);
  else if (typeof addr !== "object" || addr === null) throw invalid(`${show(addr)} is none`);
  else if ("host" in addr) to.push(hostPort(addr));
  else if ("address" in addr)
    to.push(ipAddr(addr.address, addr.port) ?? new SocketAddr(addr.address, addr.port));
  else throw invalid(`${show(addr)} has no host`);
  return to;
}

function isPair(addr: SocketAddrLike): addr is readonly [string, number] {
  return Array.isArray(addr) && addr.length === 2 && typeof addr[1] === "number";
}

/** Null for what is no IP address. A scope may have a name here, as Node and the system write it: `fe80::1%eth0`. */
function ipAddr(host: string, port: number): SocketAddr | null {
  if (typeof host !== "string") return null;
  const text = host.includes("%") ? (withNumber(host) ?? host) : host;
  return isIpv4(text) || ipv6Form(text) !== null ? new SocketAddr(text, port) : null;
}

/** What no name has, and the resolver of some system may take for the end of one. */
const NOT_IN_NAMES: RegExp = /[\s\p{Cc}:[\]]/u;

function hostPort({ host, port }: HostPort): SocketAddr | HostPort {
  checkPort(port);
  if (typeof host !== "string" || host === "") throw invalid(`${show(host)} is no host`);
  const addr = ipAddr(host, port);
  if (addr !== null) return addr;
  if (NOT_IN_NAMES.test(host)) throw invalid(`${show(host)} is neither a name nor an IP address`);
  return { host, port };
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
    const { sockets } = handle.driver(ioKey);
    // A name server takes its time: a paused clock does not run past it.
    this.#cancel = holdClockFor(handle, (over) => {
      const cancel = sockets.lookup(host, port, (error, addrs) => {
        over();
        this.#cancel = null;
        this.#error = error;
        this.#found.push(...addrs);
        const waker = this.#waker;
        this.#waker = null;
        if (waker !== null) wakeSafely(waker);
      });
      return () => {
        cancel();
        over();
      };
    });
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

/** Throws unless `text` is an IP address of the family, without a scope. */
export function checkIp(family: SocketAddr["family"], text: string): void {
  const isOne =
    typeof text === "string" &&
    (family === "IPv4" ? isIpv4(text) : !text.includes("%") && ipv6Form(text) !== null);
  if (!isOne) throw invalid(`${show(text)} is not one of ${family}`);
}

/** Throws unless `backlog` can be one. */
export function checkBacklog(backlog: number): void {
  checkInteger("backlog", backlog, 1, 0x7fff_ffff);
}
