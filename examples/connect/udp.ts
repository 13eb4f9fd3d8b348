import { select } from "@rt/rt";
import { stdin, stdout } from "@rt/rt/io";
import { lookupHost, UdpSocket } from "@rt/rt/net";
import { sleep } from "@rt/rt/time";

/** How long answers may take once everything is sent: there is no end of a conversation in UDP. */
const LAST_ANSWERS = 1000;

/** A datagram for each line that is typed; what comes is shown as it is. */
export async function udp(address: string): Promise<void> {
  const [peer] = await lookupHost(address);
  if (peer === undefined) throw new Error(`${address} has no address`);
  using socket = await UdpSocket.bind(peer.family === "IPv6" ? "[::]:0" : "0.0.0.0:0");
  await socket.connect(peer);
  await select({ received: () => showAll(socket), sent: () => sendAll(socket) });
}

async function sendAll(socket: UdpSocket): Promise<void> {
  using input = stdin();
  for await (const line of input.lines()) await socket.send(Buffer.from(`${line}\n`));
  await sleep(LAST_ANSWERS);
}

async function showAll(socket: UdpSocket): Promise<never> {
  const buf = new Uint8Array(65_536);
  const screen = stdout();
  for (;;) {
    const length = await socket.recv(buf);
    await screen.writeAll(buf.subarray(0, length));
  }
}
