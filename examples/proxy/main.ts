/**
 * Passes connections on to another server, both ways: `node main.ts 127.0.0.1:8081 127.0.0.1:8080`.
 *
 * What one side has finished sending is finished on the other, while the answer may still come (half-close). A side
 * that does not read is not read for either: nothing piles up here.
 */
import { main, select, spawn } from "@rt/rt";
import { copyBidirectional, IoError } from "@rt/rt/io";
import { TcpListener, TcpStream } from "@rt/rt/net";
import { ctrlC } from "@rt/rt/signal";

const [from = "127.0.0.1:8081", to = "127.0.0.1:8080"] = process.argv.slice(2);

async function forward(client: TcpStream): Promise<void> {
  using inbound = client;
  try {
    using outbound = await TcpStream.connect(to);
    const [sent, received] = await copyBidirectional(inbound, outbound);
    console.log(`${sent} bytes there, ${received} bytes back`);
  } catch (error) {
    if (!(error instanceof IoError)) throw error;
    console.error(`A connection failed: ${error.message}`);
  }
}

async function accept(listener: TcpListener): Promise<never> {
  console.log(`listening on ${String(listener.localAddr())}`);
  for (;;) {
    const [client] = await listener.accept();
    spawn(() => forward(client));
  }
}

await main({ meta: import.meta }, async () => {
  using listener = await TcpListener.bind(from);
  // In this order: whoever sees it listen can end it.
  await select({ stop: ctrlC(), serve: () => accept(listener) }, { biased: true });
});
