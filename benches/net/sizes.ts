/** The cases by name: what the contestants and the bars share. */

export interface EchoSize {
  readonly connections: number;
  readonly bytes: number;
}

export const ECHOES: Readonly<Record<string, EchoSize>> = {
  "echo/64B-1-connection": { connections: 1, bytes: 64 },
  "echo/64B-64-connections": { connections: 64, bytes: 64 },
  "echo/64B-512-connections": { connections: 512, bytes: 64 },
  "echo/64KiB-16-connections": { connections: 16, bytes: 64 * 1024 },
};

/** Descriptors are limited to 20,000. */
export const HELD = 19_000;
export const PING_ROUNDS = 6;
export const PING_PERIOD_MS = 10_000;

export interface RedisCase {
  /** As `redis-benchmark -t` calls it. */
  readonly test: string;
  /** Requests that a connection sends before it waits for an answer. */
  readonly pipeline: number;
}

export const REDIS_CASES: Readonly<Record<string, RedisCase>> = {
  "redis/set": { test: "set", pipeline: 1 },
  "redis/get": { test: "get", pipeline: 1 },
  "redis/ping-P16": { test: "ping_mbulk", pipeline: 16 },
  "redis/set-P16": { test: "set", pipeline: 16 },
  "redis/get-P16": { test: "get", pipeline: 16 },
  "redis/incr-P16": { test: "incr", pipeline: 16 },
  "redis/mset-P16": { test: "mset", pipeline: 16 },
};
