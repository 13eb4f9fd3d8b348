/**
 * Like netcat: `node main.ts 127.0.0.1:8080` sends what is typed and shows what comes, over TCP, or with `--udp`.
 * It ends when the other side does.
 */
import { main } from "@rt/rt";
import { tcp } from "./tcp.ts";
import { udp } from "./udp.ts";

const args = process.argv.slice(2);
const overUdp = args[0] === "--udp";
const address = args[overUdp ? 1 : 0];

if (address === undefined) {
  console.error("usage: node main.ts [--udp] HOST:PORT");
  process.exitCode = 2;
} else {
  await main({ meta: import.meta }, () => (overUdp ? udp(address) : tcp(address)));
}
