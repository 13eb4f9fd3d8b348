export function isWindows(): boolean {
  return process.platform === "win32";
}

/** Bytes that the address of a Unix socket has room for. */
export function socketPathRoom(): number {
  const { platform } = process;
  if (platform === "win32") return Infinity;
  return platform === "darwin" || platform.endsWith("bsd") ? 104 : 108;
}
