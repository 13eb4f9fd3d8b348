/** The cases by name: what the contestants and the bars share. */

export interface EchoSize {
  readonly connections: number;
  readonly bytes: number;
}

export const ECHOES: Readonly<Record<string, EchoSize>> = {
  "echo/64B-64-connections": { connections: 64, bytes: 64 },
  "echo/64B-512-connections": { connections: 512, bytes: 64 },
  "echo/64KiB-16-connections": { connections: 16, bytes: 64 * 1024 },
};

/** Descriptors are limited to 20,000. */
export const HELD = 19_000;
export const PING_ROUNDS = 6;
export const PING_PERIOD_MS = 10_000;
