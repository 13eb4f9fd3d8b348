import { pending, select } from "@rt/rt";
import { copy, stdin, stdout, type Writer } from "@rt/rt/io";
import { TcpStream } from "@rt/rt/net";

/** Both directions at once, until the server has finished. */
export async function tcp(address: string): Promise<void> {
  using stream = await TcpStream.connect(address);
  const [incoming, outgoing] = stream.split();
  await select({ received: copy(incoming, stdout()), sent: () => sendAll(outgoing) });
}

/** The end of the input is only the end of what we send: the server may still have something to say. */
async function sendAll(outgoing: Writer): Promise<never> {
  using input = stdin();
  await copy(input, outgoing);
  await outgoing.shutdown();
  return await pending();
}
