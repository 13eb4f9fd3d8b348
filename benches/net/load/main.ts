/**
 * The load of the network cases, a process of its own beside the server: one line of words in, one line of JSON out.
 *
 * - `echo <port> <connections> <bytes> <messages>`: each connection sends a message, waits until all of it is back, and
 *   sends the next, until there have been that many in all. Answers `{ns}`.
 * - `open <port> <connections>`: opens them and keeps them. Answers `{open}`.
 * - `ping <rounds> <period ms>`: each kept connection sends a byte once in a period and expects it back within the
 *   period. Answers `{answered, lost}`; a connection that fails or ends counts as lost in every round to come.
 * - `close`: closes them. Answers `{}`.
 */

import { createInterface } from "node:readline";
import { echo } from "./echo.ts";
import { Held } from "./held.ts";

const held = new Held();

async function answer(words: readonly string[]): Promise<unknown> {
  const [command = "", ...numbers] = words;
  const [first = 0, second = 0, third = 0, fourth = 0] = numbers.map(Number);
  switch (command) {
    case "echo":
      return { ns: await echo({ port: first, connections: second, bytes: third, messages: fourth }) };
    case "open":
      return { open: await held.open(first, second) };
    case "ping":
      return await held.ping(first, second);
    case "close":
      await held.close();
      return {};
    default:
      return { error: `not understood: ${words.join(" ")}` };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const reply = await answer(line.split(" ")).catch((error: unknown) => ({ error: String(error) }));
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
process.exit(); // the server has gone
