/** Sends everything back to whom it came from. Talk to it with `nc 127.0.0.1 8080`, end it with ctrl-c. */
import { type Async, main, select, spawn } from "@rt/rt";
import { IoError } from "@rt/rt/io";
import { TcpListener, type TcpStream } from "@rt/rt/net";
import { ctrlC } from "@rt/rt/signal";

const address = process.argv[2] ?? "127.0.0.1:8080";

/** One client, in a task of its own: while it has nothing to say, the others have their turn. */
function* echo(client: TcpStream): Async<void> {
  using stream = client;
  try {
    // `readChunk` gives the bytes as they have come, without a copy; `undefined` when the client has finished.
    for (let chunk; (chunk = yield* stream.readChunk()) !== undefined; ) yield* stream.writeAll(chunk);
  } catch (error) {
    if (!(error instanceof IoError)) throw error;
    console.error(`A client is gone: ${error.message}`);
  }
}

function* accept(listener: TcpListener): Async<never> {
  console.log(`listening on ${String(listener.localAddr())}`);
  for (;;) {
    const [client] = yield* listener.accept();
    spawn(echo(client));
  }
}

await main({ meta: import.meta }, function* () {
  using listener = yield* TcpListener.bind(address);
  // In this order: whoever sees it listen can end it. Then `main` drops the tasks, and `using` closes their sockets.
  yield* select({ stop: ctrlC(), serve: accept(listener) }, { biased: true });
});
