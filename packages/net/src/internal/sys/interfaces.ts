/**
 * The scopes of IPv6 addresses by number and by name: ours are numbers, as in Rust; Node's are names of interfaces,
 * but on Windows.
 *
 * The names are asked for when one is not known yet. That a number may be stale then does no harm: it leads back to the
 * name it was made of.
 */
import { networkInterfaces } from "node:os";
import { isWindows } from "./platform.ts";

/** Node tells the number of an interface with its link-local address; without one it has nothing to tell apart. */
const numbers = new Map<string, number>();

function refresh(): void {
  numbers.clear();
  for (const [name, addresses] of Object.entries(networkInterfaces()))
    for (const one of addresses ?? [])
      if (one.family === "IPv6" && one.scopeid !== 0) numbers.set(name, one.scopeid);
}

function numberOf(name: string): number | undefined {
  if (!numbers.has(name)) refresh();
  return numbers.get(name);
}

/** The name of an interface, as Node wants it; its number where none is known. */
export function interfaceName(number: number): string {
  if (isWindows()) return String(number);
  for (let tries = 0; tries < 2; tries += 1) {
    for (const [name, known] of numbers) if (known === number) return name;
    refresh();
  }
  return String(number);
}

/** `fe80::1%2` for `fe80::1%eth0`; null when no such interface is known. */
export function withNumber(address: string): string | null {
  const percent = address.indexOf("%");
  const zone = address.slice(percent + 1);
  const number = /^\d+$/.test(zone) ? zone : numberOf(zone);
  return number === undefined ? null : `${address.slice(0, percent)}%${number}`;
}
