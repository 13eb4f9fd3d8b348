/** A chat for terminals. Join it with `nc 127.0.0.1 6142`, as often as you like; end it with ctrl-c. */
import { main, select, spawn } from "@rt/rt";
import { TcpListener } from "@rt/rt/net";
import { ctrlC } from "@rt/rt/signal";
import { Room } from "./room.ts";
import { visit } from "./visitor.ts";

const address = process.argv[2] ?? "127.0.0.1:6142";

async function accept(listener: TcpListener): Promise<never> {
  console.log(`listening on ${String(listener.localAddr())}`);
  const room = new Room();
  for (;;) {
    const [client] = await listener.accept();
    spawn(() => visit(room, client));
  }
}

await main({ meta: import.meta }, async () => {
  using listener = await TcpListener.bind(address);
  // In this order: whoever sees it listen can end it.
  await select({ stop: ctrlC(), serve: () => accept(listener) }, { biased: true });
});
