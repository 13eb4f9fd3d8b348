/** Ours, with generator tasks. */

import { spawn as spawnProcess } from "node:child_process";
import { join } from "node:path";
import { type Async, spawn } from "@rt/core";
import { TcpListener, type TcpStream } from "@rt/net";
import type { Contestant } from "../../harness/case.ts";
import { echoCases } from "../echo-server.ts";
import { redisCases } from "../redis.ts";

const MINI_REDIS = join(import.meta.dirname, "../../../examples/mini-redis/main.ts");

function* serve(stream: TcpStream): Async<void> {
  try {
    for (;;) {
      const chunk = yield* stream.readChunk();
      if (chunk === undefined) break;
      yield* stream.writeAll(chunk);
    }
  } finally {
    stream.close();
  }
}

function* accept(listener: TcpListener): Async<void> {
  for (;;) {
    const [stream] = yield* listener.accept();
    stream.setNodelay(true);
    spawn(serve(stream));
  }
}

async function start(): Promise<number> {
  const listener = await TcpListener.bind("127.0.0.1:0");
  spawn(accept(listener));
  return listener.localAddr().port;
}

export default {
  ...echoCases(start),
  ...redisCases((port) =>
    spawnProcess(process.execPath, [...process.execArgv, MINI_REDIS, "--port", String(port)], {
      stdio: "ignore",
    }),
  ),
} satisfies Contestant;
