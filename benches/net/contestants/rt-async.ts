/** Ours, with async functions. */

import { spawn } from "@rt/core";
import { TcpListener, type TcpStream } from "@rt/net";
import type { Contestant } from "../../harness/case.ts";
import { echoCases } from "../echo-server.ts";

async function serve(stream: TcpStream): Promise<void> {
  try {
    for (;;) {
      const chunk = await stream.readChunk();
      if (chunk === undefined) break;
      await stream.writeAll(chunk);
    }
  } finally {
    stream.close();
  }
}

async function accept(listener: TcpListener): Promise<void> {
  for (;;) {
    const [stream] = await listener.accept();
    stream.setNodelay(true);
    spawn(() => serve(stream));
  }
}

async function start(): Promise<number> {
  const listener = await TcpListener.bind("127.0.0.1:0");
  spawn(() => accept(listener));
  return listener.localAddr().port;
}

export default echoCases(start) satisfies Contestant;
