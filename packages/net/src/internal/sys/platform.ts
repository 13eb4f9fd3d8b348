import { isIP } from "node:net";

/** 4, 6, or 0 for what is not an IP address. */
export function ipVersion(address: string): number {
  return isIP(address);
}

export function isWindows(): boolean {
  return process.platform === "win32";
}
