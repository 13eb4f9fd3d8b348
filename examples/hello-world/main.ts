/** Connects to a server, says hello, and ends. For a server, run `nc -l 6142`, or `echo-tcp` on that port. */
import { main } from "@rt/rt";
import { TcpStream } from "@rt/rt/net";

const address = process.argv[2] ?? "127.0.0.1:6142";

await main({ meta: import.meta }, async () => {
  using stream = await TcpStream.connect(address);
  await stream.writeAll("hello world\n");
  console.log(`said hello to ${String(stream.peerAddr())}`);
});
