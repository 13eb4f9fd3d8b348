/**
 * Random programs over a connected pair of streams, and the two FIFOs of bytes that they are compared with.
 *
 * Each side has a task that reads, one that writes and one that waits for readiness. A byte tells where in its
 * direction it stands, so whatever is lost, doubled or out of order shows with the first byte that is wrong.
 */
import { type Async, type Future, type JoinHandle, PENDING, UsageError } from "@rt/core";
import { IoError, isRtShutdownErr } from "@rt/io";
import {
  Interest,
  type OwnedReadHalf,
  type OwnedWriteHalf,
  type ReadHalf,
  type SocketStream,
  TcpStream,
  type WriteHalf,
} from "@rt/net";
import fc from "fast-check";
import { LANES, type Lane, TestWaker } from "./net.ts";
import { aborted, type Body, DROPPED, on, polls, Probe, someTurns, spawnIn } from "./programs.ts";

type ReadStep =
  | { do: "read" | "chunk" | "peek" | "tryRead" | "readable"; size: number }
  | { do: "drop"; what: "read" | "chunk" | "peek" | "readable" | "ready"; size: number; polls: number }
  | { do: "abort"; what: "read" | "chunk" | "peek"; size: number; turns: number; lane: Lane }
  | { do: "turn"; count: number };

type WriteStep =
  | { do: "write" | "tryWrite" | "writable" | "flood"; size: number }
  | { do: "vectored"; sizes: number[] }
  | { do: "flush" }
  | {
      do: "drop";
      what: "write" | "vectored" | "writable" | "flush";
      size: number;
      polls: number;
      flush: boolean;
    }
  | { do: "abort"; size: number; turns: number; lane: Lane }
  | { do: "turn"; count: number };

type WatchStep = { what: "readable" | "writable" | "both"; polls: number };

interface Side {
  form: "whole" | "split" | "intoSplit";
  lane: Lane;
  read: ReadStep[];
  /** What the reader does then. `dispose` is for halves of one's own, and else the same as `end`. */
  readEnd: "end" | "close" | "dispose";
  write: WriteStep[];
  writeEnd: "shutdown" | "close" | "flush+close" | "reset" | "dispose";
  watch: WatchStep[];
}

export type Program = [Side, Side];

// --- arbitrary programs ---

const size = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 100 }) },
  { weight: 3, arbitrary: fc.integer({ min: 101, max: 20_000 }) },
  { weight: 3, arbitrary: fc.integer({ min: 20_001, max: 300 * 1024 }) },
);
const turns = fc.integer({ min: 0, max: 4 });
const lane = fc.constantFrom(...LANES);

const readStep: fc.Arbitrary<ReadStep> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "read" as const,
        "chunk" as const,
        "peek" as const,
        "tryRead" as const,
        "readable" as const,
      ),
      size,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("drop" as const),
      what: fc.constantFrom(
        "read" as const,
        "chunk" as const,
        "peek" as const,
        "readable" as const,
        "ready" as const,
      ),
      size,
      polls,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("abort" as const),
      what: fc.constantFrom("read" as const, "chunk" as const, "peek" as const),
      size,
      turns,
      lane,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("turn" as const), count: turns }) },
);

const writeStep: fc.Arbitrary<WriteStep> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom("write" as const, "write" as const, "tryWrite" as const, "writable" as const),
      size,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("flood" as const), size: fc.constant(64 * 1024) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("vectored" as const), sizes: fc.array(size, { maxLength: 4 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "flush" as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("drop" as const),
      what: fc.constantFrom("write" as const, "vectored" as const, "writable" as const, "flush" as const),
      size,
      polls,
      flush: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("abort" as const), size, turns, lane }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("turn" as const), count: turns }) },
);

const watchStep: fc.Arbitrary<WatchStep> = fc.record({
  what: fc.constantFrom("readable" as const, "writable" as const, "both" as const),
  polls: fc.integer({ min: 1, max: 4 }),
});

const side = (readEnds: Side["readEnd"][]): fc.Arbitrary<Side> =>
  fc.record({
    form: fc.constantFrom("whole" as const, "split" as const, "intoSplit" as const),
    lane,
    read: fc.array(readStep, { maxLength: 12 }),
    readEnd: fc.constantFrom(...readEnds),
    write: fc.array(writeStep, { maxLength: 12 }),
    writeEnd: fc.constantFrom(
      "shutdown" as const,
      "shutdown" as const,
      "close" as const,
      "flush+close" as const,
      "reset" as const,
      "dispose" as const,
    ),
    watch: fc.array(watchStep, { maxLength: 3 }),
  });

/** Only one side may stop reading without closing: two that did would wait for each other for ever, and rightly. */
export const program: fc.Arbitrary<Program> = fc.tuple(
  side(["end", "end", "close", "dispose"]),
  side(["end", "end", "close"]),
);

// --- the model ---

/** A prime: not what any buffer is a multiple of. */
const PERIOD = 65_521;
const tables: readonly Uint8Array[] = [1, 2].map((salt) => {
  const table = new Uint8Array(PERIOD);
  let word = salt * 0x9e3779b1;
  for (let i = 0; i < PERIOD; i += 1) {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    table[i] = word;
  }
  return table;
});

/** libuv 1.51, that of Node 22, may tell of a reset as if it were an ordinary end. */
const TELLS_RESETS = !/^1\.([0-4]?\d|5[01])\./.test(process.versions.uv);

/** One direction. */
class Direction {
  readonly #table: Uint8Array;
  /** Bytes that are to arrive, unless there is a reset. */
  sure = 0;
  /** Bytes that may: with those of writes that were given up or have failed. */
  possible = 0;
  received = 0;
  /** The writer has ended its direction, one way or other. */
  isOver = false;

  constructor(from: number) {
    this.#table = tables[from] as Uint8Array;
  }

  /** The next `length` bytes to write. */
  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    let from = this.possible % PERIOD;
    for (let at = 0; at < length; from = 0) {
      const part = this.#table.subarray(from, from + length - at);
      bytes.set(part, at);
      at += part.length;
    }
    this.possible += length;
    return bytes;
  }

  /** `length` of the bytes that were made last were not taken. */
  untaken(length: number): void {
    this.possible -= length;
  }

  /** Checks what was read or looked at. */
  check(bytes: Uint8Array): void {
    let from = this.received % PERIOD;
    for (let at = 0; at < bytes.length; from = 0) {
      const part = this.#table.subarray(from, from + bytes.length - at);
      if (Buffer.compare(part, bytes.subarray(at, at + part.length)) !== 0)
        throw new Error(`Wrong bytes after ${this.received + at} good ones, of ${this.possible}`);
      at += part.length;
    }
    if (this.received + bytes.length > this.possible)
      throw new Error(`${this.received + bytes.length} bytes came of ${this.possible}`);
  }

  take(bytes: Uint8Array): void {
    this.check(bytes);
    this.received += bytes.length;
    bytes.fill(0xee); // they are the reader's: nobody else may see this
  }

  ended(isWhole: boolean): void {
    if (!this.isOver) throw new Error("The end came before the writer had ended");
    if (isWhole && this.received < this.sure)
      throw new Error(`The end came after ${this.received} of ${this.sure} bytes`);
  }
}

type Readable = SocketStream | ReadHalf<SocketStream> | OwnedReadHalf<SocketStream>;
type Writable = SocketStream | WriteHalf<SocketStream> | OwnedWriteHalf<SocketStream>;

/** A side while its program runs. */
class Player {
  readonly #side: Side;
  readonly #stream: SocketStream;
  readonly #out: Direction;
  readonly #in: Direction;
  readonly #reader: Readable;
  readonly #writer: Writable;
  readonly report: Report;
  peer!: Player;
  isClosed = false;
  isReset = false;
  /** What of the peer's had been read when this side was closed. */
  #readAtClose = 0;
  #halves = 2;
  /** Where the tasks are, for the report of one that hangs. */
  readonly at: Record<string, string> = {};

  constructor(own: Side, stream: SocketStream, out: Direction, into: Direction, report: Report) {
    this.report = report;
    this.#side = own;
    this.#stream = stream;
    this.#out = out;
    this.#in = into;
    [this.#reader, this.#writer] =
      own.form === "whole" ? [stream, stream] : own.form === "split" ? stream.split() : stream.intoSplit();
  }

  /** Nothing is being written. */
  readonly #hasRoom = (): boolean => {
    const wait = this.#writer.writable();
    const now = wait.poll(new TestWaker());
    wait.drop();
    return now !== PENDING;
  };

  *reading(): Body {
    const { read, readEnd, form } = this.#side;
    try {
      for (const step of read) {
        this.at["reader"] = JSON.stringify(step);
        if (!(yield* this.#readStep(step))) return;
      }
      this.at["reader"] = readEnd;
      if (readEnd === "close") this.close(false);
      else if (readEnd === "dispose" && form === "intoSplit")
        this.#dispose(this.#reader as OwnedReadHalf<SocketStream>);
      else {
        let max = 1;
        while (this.#gotChunk(yield* on(this.#reader.readChunk(max)))) max = Math.min(max * 3 + 1, 1 << 20);
      }
    } catch (error) {
      this.#allowed(error);
    } finally {
      this.at["reader"] = "over";
    }
  }

  /** False once the end was seen. */
  *#readStep(step: ReadStep): Generator<Future<unknown>, boolean, unknown> {
    if (step.do === "turn") yield* someTurns(step.count);
    else if (step.do === "readable") {
      yield* on(this.#reader.readable());
      const buf = new Uint8Array(step.size);
      const count = this.#reader.tryRead(buf);
      if (count === null) throw new Error("readable() came, and tryRead() had nothing");
      return this.#got(count, buf);
    } else if (step.do === "tryRead") {
      const buf = new Uint8Array(step.size);
      const count = this.#reader.tryRead(buf);
      if (count !== null) return this.#got(count, buf);
    } else if (step.do === "abort") return yield* this.#abortedRead(step);
    else {
      const dropped = step.do === "drop";
      const what = dropped ? step.what : step.do;
      const limit = dropped ? step.polls : Infinity;
      const buf = new Uint8Array(step.size);
      if (what === "chunk") {
        const chunk = yield* on(new Probe(this.#reader.readChunk(step.size), limit));
        if (chunk !== DROPPED) return this.#gotChunk(chunk);
      } else if (what === "read") {
        const count = yield* on(new Probe(this.#reader.read(buf), limit));
        if (count !== DROPPED) return this.#got(count, buf);
      } else if (what === "peek") {
        const count = yield* on(new Probe(this.#reader.peek(buf), limit));
        if (count === 0) this.#ended();
        else if (count !== DROPPED) this.#in.check(buf.subarray(0, count));
      } else if (what === "ready") yield* on(new Probe(this.#reader.ready(Interest.READABLE), limit));
      else yield* on(new Probe(this.#reader.readable(), limit));
    }
    return true;
  }

  *#abortedRead(step: ReadStep & { do: "abort" }): Generator<Future<unknown>, boolean, unknown> {
    const buf = new Uint8Array(step.size);
    const reader = this.#reader;
    const { what } = step;
    const got = yield* aborted(
      step,
      (): Future<number | Uint8Array | undefined> =>
        what === "chunk"
          ? reader.readChunk(step.size)
          : what === "peek"
            ? reader.peek(buf)
            : reader.read(buf),
    );
    if (got === DROPPED) return true;
    if (typeof got !== "number") return this.#gotChunk(got);
    if (what !== "peek") return this.#got(got, buf);
    this.#in.check(buf.subarray(0, got));
    return true;
  }

  #ended(): void {
    const mayBeCut = this.report.hasRecords === true || !TELLS_RESETS;
    this.#in.ended(!(mayBeCut && this.peer.isClosed && !this.peer.#closedInOrder()));
  }

  #got(count: number, buf: Uint8Array): boolean {
    if (count === 0) this.#ended();
    else this.#in.take(buf.subarray(0, count));
    return count > 0;
  }

  #gotChunk(chunk: Uint8Array | undefined): boolean {
    if (chunk === undefined) this.#ended();
    else this.#in.take(chunk);
    return chunk !== undefined;
  }

  *writing(): Body {
    const { write, form, readEnd } = this.#side;
    // With only its reading half disposed of, it would keep the other side from writing for ever.
    const writeEnd = form === "intoSplit" && readEnd === "dispose" ? "dispose" : this.#side.writeEnd;
    try {
      for (const step of write) {
        this.at["writer"] = JSON.stringify(step);
        yield* this.#writeStep(step);
      }
      this.at["writer"] = writeEnd;
      if (writeEnd === "reset") this.close(true);
      else if (writeEnd === "close") this.close(false);
      else if (writeEnd === "flush+close") {
        yield* on(this.#writer.flush());
        this.#out.sure = this.#out.possible;
        this.close(false);
      } else {
        this.#out.isOver = true;
        if (writeEnd === "dispose" && form === "intoSplit")
          this.#dispose(this.#writer as OwnedWriteHalf<SocketStream>);
        else {
          yield* on(this.#writer.shutdown());
          if (!this.report.isShutDown) this.#out.sure = this.#out.possible;
        }
      }
    } catch (error) {
      this.#allowed(error);
    } finally {
      this.at["writer"] = "over";
    }
  }

  *#writeStep(step: WriteStep): Body {
    const writer = this.#writer;
    const out = this.#out;
    if (step.do === "turn") yield* someTurns(step.count);
    else if (step.do === "flush") {
      yield* on(writer.flush());
      out.sure = out.possible;
    } else if (step.do === "tryWrite") this.#tryWrite(step.size);
    else if (step.do === "writable") {
      yield* on(writer.writable());
      if (this.#tryWrite(step.size) === null) throw new Error("writable() came, and tryWrite() had no room");
    } else if (step.do === "flood") {
      for (let i = 0; i < 100 && this.#tryWrite(step.size) !== null; i += 1);
    } else if (step.do === "abort") {
      const bytes = out.bytes(step.size);
      const probe = new Probe(writer.write(bytes), Infinity, this.#hasRoom);
      if ((yield* aborted(step, () => probe)) === DROPPED) {
        if (!probe.isStarted) out.untaken(bytes.length);
      } else {
        out.sure = out.possible;
        bytes.fill(0xee);
      }
    } else {
      const dropped = step.do === "drop";
      const what = dropped ? step.what : step.do;
      const limit = dropped ? step.polls : Infinity;
      if (what === "flush") yield* on(new Probe(writer.flush(), limit));
      else if (what === "writable") yield* on(new Probe(writer.writable(), limit));
      else {
        const sizes =
          step.do === "vectored"
            ? step.sizes
            : what === "vectored"
              ? [1, step.size]
              : [(step as { size: number }).size];
        const bufs = sizes.map((length) => out.bytes(length));
        const total = sizes.reduce((sum, length) => sum + length, 0);
        const probe = new Probe(
          what === "vectored" ? writer.writeVectored(bufs) : writer.write(bufs[0] as Uint8Array),
          limit,
          this.#hasRoom,
        );
        const count = yield* on(probe);
        if (count === DROPPED) {
          if (!probe.isStarted) out.untaken(total);
        } else if (count !== total) throw new Error(`write() took ${count} of ${total} bytes`);
        else {
          out.sure = out.possible;
          for (const buf of bufs) buf.fill(0xee); // they are the writer's again
        }
      }
      if (dropped && step.flush) {
        yield* on(writer.flush());
        out.sure = out.possible;
      }
    }
  }

  #tryWrite(length: number): number | null {
    const bytes = this.#out.bytes(length);
    const count = this.#writer.tryWrite(bytes);
    this.#out.untaken(length - (count ?? 0));
    if (count !== null) this.#out.sure = this.#out.possible;
    bytes.fill(0xee);
    return count;
  }

  *watching(): Body {
    const { watch } = this.#side;
    try {
      for (const step of watch) {
        this.at["watcher"] = JSON.stringify(step);
        const { polls: limit, what } = step;
        if (what === "readable") yield* on(new Probe(this.#reader.readable(), limit));
        else if (what === "writable") yield* on(new Probe(this.#writer.writable(), limit));
        else yield* on(new Probe(this.#stream.ready(Interest.READABLE.add(Interest.WRITABLE)), limit));
      }
    } catch (error) {
      this.#allowed(error);
    } finally {
      this.at["watcher"] = "over";
    }
  }

  #dispose(half: OwnedReadHalf<SocketStream> | OwnedWriteHalf<SocketStream>): void {
    this.#halves -= 1;
    if (this.#halves === 0) this.#closed();
    half[Symbol.dispose]();
  }

  #closed(): void {
    this.isClosed = true;
    this.#readAtClose = this.#in.received;
    this.#out.isOver = true;
  }

  close(reset: boolean): void {
    if (this.isClosed) return;
    this.#closed();
    this.isReset = reset;
    let stream = this.#stream;
    if (this.#side.form === "intoSplit") {
      const [read, write] = [this.#reader, this.#writer] as [
        OwnedReadHalf<SocketStream>,
        OwnedWriteHalf<SocketStream>,
      ];
      if (!reset) {
        write[Symbol.dispose]();
        read[Symbol.dispose]();
        return;
      }
      try {
        stream = read.reunite(write);
      } catch (error) {
        if (!(error instanceof UsageError)) throw error; // a half is gone
        this.isReset = false;
        write[Symbol.dispose]();
        read[Symbol.dispose]();
        return;
      }
    }
    if (reset && stream instanceof TcpStream) stream.setZeroLinger();
    stream.close();
  }

  /** Errors are for those who were closed on. */
  #allowed(error: unknown): void {
    if (error instanceof UsageError && error.code === "ERR_RT_DISPOSED") {
      if (this.isClosed || this.#side.form === "intoSplit") return;
    } else if (isRtShutdownErr(error)) {
      if (this.report.isShutDown) return;
    } else if (error instanceof IoError && this.peer.isClosed && !this.peer.#closedInOrder()) return;
    throw error;
  }

  /** It had read all that was ever written to it, so there is no reason for a reset. */
  #closedInOrder(): boolean {
    return this.report.hasRecords !== true && !this.isReset && this.#readAtClose === this.#in.possible;
  }
}

/** Where the tasks of both sides are. */
export interface Report {
  players: readonly unknown[];
  /** More comes than is read, so closing may be a reset, and cut off what was written. */
  hasRecords?: boolean;
  /** Set once the runtime of the sockets has shut down. */
  isShutDown?: boolean;
}

/** Plays a program on a pair of streams. `report` is filled at once, and tells where the tasks are. */
export function* play(
  [one, two]: Program,
  [a, b]: readonly [SocketStream, SocketStream],
  report: Report,
): Async<void> {
  const there = new Direction(0);
  const back = new Direction(1);
  const left = new Player(one, a, there, back, report);
  const right = new Player(two, b, back, there, report);
  left.peer = right;
  right.peer = left;
  report.players = [left.at, right.at];
  const handles: JoinHandle<void>[] = [];
  for (const [player, lane_] of [
    [left, one.lane],
    [right, two.lane],
  ] as const)
    for (const body of [player.reading(), player.writing(), player.watching()])
      handles.push(spawnIn(lane_, body));
  // The watchers may wait for what never comes again, until the end.
  for (const i of [0, 1, 3, 4]) yield* handles[i] as Future<void>;
  left.close(false);
  right.close(false);
  for (const i of [2, 5]) yield* handles[i] as Future<void>;
}
