/**
 * What a client may do with one connection. The orderly ones must get back what they sent, to the last byte; the others
 * leave as badly as they can.
 */
import { type Async, JoinError, spawn } from "@rt/core";
import { tryJoin } from "@rt/macros";
import { type OwnedWriteHalf, type SocketAddr, TcpStream } from "@rt/net";
import { Elapsed, sleep, timeout } from "@rt/time";
import type { Random } from "./random.ts";
import { Transfer } from "./transfer.ts";

/** Uses up one connection to `server`; gives the bytes that came back. */
export type Behaviour = (server: SocketAddr, random: Random) => Async<number>;

const MOST = 1024 * 1024;
const PIECE = 64 * 1024;

function nextPiece(transfer: Transfer, total: number, random: Random): Uint8Array {
  return transfer.next(Math.min(total - transfer.sent, random.size(PIECE)));
}

function* send(stream: TcpStream, transfer: Transfer, total: number, random: Random): Async<void> {
  while (transfer.sent < total) yield* stream.writeAll(nextPiece(transfer, total, random));
  yield* stream.shutdown();
}

function* receive(stream: TcpStream, transfer: Transfer): Async<void> {
  for (;;) {
    const chunk = yield* stream.readChunk();
    if (chunk === undefined) break;
    transfer.take(chunk);
  }
  transfer.finish();
}

/** Writes and reads at once. */
function* streams(server: SocketAddr, random: Random): Async<number> {
  using stream = yield* TcpStream.connect(server);
  const transfer = new Transfer();
  yield* tryJoin([send(stream, transfer, random.size(MOST), random), receive(stream, transfer)]);
  return transfer.received;
}

/** The same by two tasks with a half each. */
function* splits(server: SocketAddr, random: Random): Async<number> {
  const [reader, writer] = (yield* TcpStream.connect(server)).intoSplit();
  using _reader = reader;
  const transfer = new Transfer();
  const sending = spawn(sendHalf(writer, transfer, random.size(MOST), random));
  for (;;) {
    const chunk = yield* reader.readChunk();
    if (chunk === undefined) break;
    transfer.take(chunk);
  }
  yield* sending;
  transfer.finish();
  return transfer.received;
}

function* sendHalf(
  half: OwnedWriteHalf<TcpStream>,
  transfer: Transfer,
  total: number,
  random: Random,
): Async<void> {
  using writer = half; // disposing of it ends the direction
  while (transfer.sent < total) yield* writer.writeAll(nextPiece(transfer, total, random));
}

/** Asks, waits for the whole answer, asks again. */
function* asks(server: SocketAddr, random: Random): Async<number> {
  using stream = yield* TcpStream.connect(server);
  stream.setNodelay(true);
  const transfer = new Transfer();
  for (let rounds = random.between(1, 50); rounds > 0; rounds -= 1) {
    const question = transfer.next(random.size(PIECE));
    yield* stream.writeAll(question);
    const answer = new Uint8Array(question.length);
    yield* stream.readExact(answer);
    transfer.take(answer);
  }
  yield* stream.shutdown();
  yield* receive(stream, transfer);
  return transfer.received;
}

/** A byte at a time. */
function* drips(server: SocketAddr, random: Random): Async<number> {
  using stream = yield* TcpStream.connect(server);
  stream.setNodelay(true);
  const transfer = new Transfer();
  const total = random.between(1, 200);
  while (transfer.sent < total) yield* stream.writeAll(transfer.next(1));
  yield* stream.shutdown();
  yield* receive(stream, transfer);
  return transfer.received;
}

/** Sends much, and reads nothing of it for a while: the server has to wait. */
function* stalls(server: SocketAddr, random: Random): Async<number> {
  using stream = yield* TcpStream.connect(server);
  const transfer = new Transfer();
  yield* tryJoin([
    send(stream, transfer, random.between(1, 4) * MOST, random),
    lateReceive(stream, transfer, random),
  ]);
  return transfer.received;
}

function* lateReceive(stream: TcpStream, transfer: Transfer, random: Random): Async<void> {
  yield* sleep(random.between(20, 300));
  yield* receive(stream, transfer);
}

/** Ends its direction, and reads slowly what is left. */
function* lingers(server: SocketAddr, random: Random): Async<number> {
  using stream = yield* TcpStream.connect(server);
  const transfer = new Transfer();
  yield* send(stream, transfer, random.size(PIECE), random);
  const buf = new Uint8Array(4096);
  for (;;) {
    const count = yield* stream.read(buf);
    if (count === 0) break;
    transfer.take(buf.subarray(0, count));
    yield* sleep(1);
  }
  transfer.finish();
  return transfer.received;
}

/** Gives up every read that takes longer than a moment, and goes on where it was. */
function* hurries(server: SocketAddr, random: Random): Async<number> {
  using stream = yield* TcpStream.connect(server);
  const transfer = new Transfer();
  yield* tryJoin([slowSend(stream, transfer, random), impatientReceive(stream, transfer)]);
  return transfer.received;
}

function* slowSend(stream: TcpStream, transfer: Transfer, random: Random): Async<void> {
  for (let pieces = random.between(1, 40); pieces > 0; pieces -= 1) {
    yield* stream.writeAll(transfer.next(random.size(PIECE)));
    if (random.next() < 0.5) yield* sleep(random.between(1, 4));
  }
  yield* stream.shutdown();
}

function* impatientReceive(stream: TcpStream, transfer: Transfer): Async<void> {
  for (;;) {
    try {
      const chunk = yield* timeout(1, stream.readChunk());
      if (chunk === undefined) break;
      transfer.take(chunk);
    } catch (error) {
      if (!(error instanceof Elapsed)) throw error;
    }
  }
  transfer.finish();
}

/** The same as `streams`, as an async function. */
async function streamsAsync(server: SocketAddr, random: Random): Promise<number> {
  using stream = await TcpStream.connect(server);
  const transfer = new Transfer();
  await tryJoin([send(stream, transfer, random.size(MOST), random), receive(stream, transfer)]);
  return transfer.received;
}

/** Resets the connection in the middle of things. */
function* resets(server: SocketAddr, random: Random): Async<number> {
  using stream = yield* TcpStream.connect(server);
  yield* stream.writeAll(new Transfer().next(random.size(PIECE)));
  if (random.next() < 0.5) yield* sleep(random.between(0, 5));
  stream.setZeroLinger();
  return 0;
}

/** Closes with answers under way. */
function* vanishes(server: SocketAddr, random: Random): Async<number> {
  using stream = yield* TcpStream.connect(server);
  const transfer = new Transfer();
  yield* stream.writeAll(transfer.next(random.size(PIECE)));
  const chunk = yield* stream.readChunk();
  if (chunk !== undefined) transfer.take(chunk);
  return transfer.received;
}

/** Is aborted wherever it is, connecting included. */
function* isAborted(server: SocketAddr, random: Random): Async<number> {
  const task = spawn(stalls(server, random.fork()));
  yield* sleep(random.between(0, 10));
  task.abort();
  try {
    return yield* task; // it may have been done already
  } catch (error) {
    if (error instanceof JoinError && error.isCancelled()) return 0;
    throw error;
  }
}

/** Connects, and says nothing. */
function* isSilent(server: SocketAddr, random: Random): Async<number> {
  using _stream = yield* TcpStream.connect(server);
  yield* sleep(random.between(0, 50));
  return 0;
}

export const ORDERLY: Readonly<Record<string, Behaviour>> = {
  streams,
  "streams (async)": function* asAsync(server, random) {
    return yield* spawn(() => streamsAsync(server, random));
  },
  splits,
  asks,
  drips,
  stalls,
  lingers,
  hurries,
};

export const DISORDERLY: Readonly<Record<string, Behaviour>> = {
  resets,
  vanishes,
  "is aborted": isAborted,
  "is silent": isSilent,
};
