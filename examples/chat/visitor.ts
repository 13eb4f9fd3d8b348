/** One connection: asks for a name, then passes lines on in both directions until the visitor leaves. */
import { select } from "@rt/rt";
import { IoError, type Lines } from "@rt/rt/io";
import type { TcpStream } from "@rt/rt/net";
import type { Room, Seat } from "./room.ts";

const LONGEST_LINE = 512;

export async function visit(room: Room, client: TcpStream): Promise<void> {
  using stream = client;
  try {
    await chat(room, stream, stream.lines({ limit: LONGEST_LINE }));
  } catch (error) {
    if (!(error instanceof IoError)) throw error;
    // A line that is too long or no text, of which the visitor is told; or the connection broke, and nobody is there.
    if (error.kind === "InvalidData") await stream.writeAll(`! ${error.message}\n`);
  }
}

async function chat(room: Room, stream: TcpStream, lines: Lines): Promise<void> {
  using seat = await welcome(room, stream, lines);
  if (seat === undefined) return;
  for (;;) {
    // Whichever comes first. The other is dropped, and has taken nothing: it is asked again in the next round.
    const event = await select({ line: lines.nextLine(), message: seat.hear() });
    if (event.branch === "message") await stream.writeAll(`${event.value}\n`);
    else if (event.value === undefined) return;
    else seat.say(event.value);
  }
}

async function welcome(room: Room, stream: TcpStream, lines: Lines): Promise<Seat | undefined> {
  await stream.writeAll("Your name?\n");
  for (let line; (line = await lines.nextLine()) !== undefined; ) {
    const name = line.trim();
    const seat = name === "" ? undefined : room.enter(name);
    if (seat !== undefined) return seat;
    await stream.writeAll(`Not "${name}", another one?\n`);
  }
  return undefined;
}
