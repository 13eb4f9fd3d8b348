/** Sends each datagram back to whom it came from. Talk to it with `nc -u 127.0.0.1 8080`, end it with ctrl-c. */
import { type Async, main, select } from "@rt/rt";
import { IoError } from "@rt/rt/io";
import { UdpSocket } from "@rt/rt/net";
import { ctrlC } from "@rt/rt/signal";

const address = process.argv[2] ?? "127.0.0.1:8080";

function* echo(socket: UdpSocket): Async<never> {
  console.log(`listening on ${String(socket.localAddr())}`);
  const buf = new Uint8Array(65_536); // no datagram is larger
  for (;;) {
    const [length, peer] = yield* socket.recvFrom(buf);
    try {
      yield* socket.sendTo(buf.subarray(0, length), peer);
    } catch (error) {
      // This one can't be answered; the others still can.
      if (!(error instanceof IoError)) throw error;
      console.error(`No answer: ${error.message}`);
    }
  }
}

await main({ meta: import.meta }, function* () {
  using socket = yield* UdpSocket.bind(address);
  // In this order: whoever sees it listen can end it.
  yield* select({ stop: ctrlC(), serve: echo(socket) }, { biased: true });
});
