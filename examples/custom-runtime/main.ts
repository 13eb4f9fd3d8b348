/**
 * A runtime put together by hand, of nothing but tasks, timers, sockets and a driver of one's own: what is not imported
 * here is not loaded. Two hundred round trips to a server in the same runtime, then it tells how busy it was.
 */
import { Builder, JoinSet, spawn, type Async, type Runtime } from "@rt/core";
import { ioKey, TcpListener, TcpStream, type SocketAddr } from "@rt/net";
import { interval, timeKey, timeout } from "@rt/time";
import { IdleMeter } from "./idle-meter.ts";

/** The drivers from the bottom to the top, and how the scheduler behaves. */
function build(): Runtime {
  return Builder.currentThread()
    .name("by hand")
    .addDriver(timeKey)
    .addDriver(ioKey)
    .addDriver(IdleMeter.KEY) // on top, so that it sees everything
    .eventInterval(31) // sockets before tasks: asks for them twice as often as it would
    .slowPollThreshold(100) // tells of a task that keeps the thread for longer
    .unhandledPanic("shutdownRuntime") // no failure goes unnoticed
    .build();
}

function* echo(accepted: TcpStream): Async<void> {
  using stream = accepted;
  for (let chunk; (chunk = yield* stream.readChunk()) !== undefined; ) yield* stream.writeAll(chunk);
}

function* serve(listener: TcpListener): Async<never> {
  for (;;) spawn(echo((yield* listener.accept())[0]));
}

/** Twenty messages, one every 5 ms; each answer has a second to come. */
function* client(address: SocketAddr): Async<number> {
  using stream = yield* TcpStream.connect(address);
  using every = interval(5);
  let bytes = 0;
  for (let n = 0; n < 20; n += 1) {
    yield* every.tick();
    yield* stream.writeAll(`message ${String(n).padStart(2)}`);
    bytes += (yield* timeout(1000, stream.readExact(10))).length;
  }
  return bytes;
}

function* program(): Async<number> {
  using listener = yield* TcpListener.bind("127.0.0.1:0");
  const server = spawn(serve(listener));
  const clients = new JoinSet<number>();
  for (let n = 0; n < 10; n += 1) clients.spawn(client(listener.localAddr()));
  let bytes = 0;
  for (const part of yield* clients.joinAll()) bytes += part;
  server.abort();
  return bytes;
}

await using runtime = build();
const bytes = await runtime.blockOn(program());
const meter = runtime.handle().driver(IdleMeter.KEY);
console.log(`${bytes} bytes echoed`);
console.log(`woken ${meter.wakes} times, idle for ${meter.idleMs.toFixed(0)} ms`);
