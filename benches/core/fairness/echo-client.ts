/**
 * The client of {@link EchoProbe}, a process of its own: `echo-client.ts <port>`.
 *
 * It waits a millisecond between an answer and the next question. Asking at once would keep step with the turns of the
 * server's loop, and load the server with serving instead of asking how soon it serves.
 */

import { connect } from "node:net";

const THINK_MS = 1;

const socket = connect({ port: Number(process.argv[2]), host: "127.0.0.1", noDelay: true });
let running = false;
let askedAt = 0;
let roundTrips: number[] = [];

function ask(): void {
  if (!running) return;
  askedAt = performance.now();
  socket.write("?");
}

socket.on("connect", () => process.send?.("connected"));
socket.on("data", () => {
  roundTrips.push(performance.now() - askedAt);
  setTimeout(ask, THINK_MS);
});
socket.on("error", () => process.exit(1));
process.on("disconnect", () => process.exit());
process.on("message", (message) => {
  running = message === "start";
  if (running) ask();
  else {
    process.send?.(roundTrips);
    roundTrips = [];
  }
});
