/** Addresses as Node has them, and ours. They differ in how the scope of an IPv6 address is written. */
import { SocketAddr } from "../../addr.ts";
import { interfaceName, withNumber } from "./interfaces.ts";

/** Ours, of Node's. A scope whose interface has gone meanwhile is left out. */
export function addrOf(address: string, port: number): SocketAddr {
  const percent = address.indexOf("%");
  if (percent === -1) return new SocketAddr(address, port);
  return new SocketAddr(withNumber(address) ?? address.slice(0, percent), port);
}

/** Node's, of ours. */
export function nodeAddress({ family, address }: SocketAddr): string {
  const percent = family === "IPv4" ? -1 : address.indexOf("%");
  if (percent === -1) return address;
  return address.slice(0, percent + 1) + interfaceName(Number(address.slice(percent + 1)));
}
