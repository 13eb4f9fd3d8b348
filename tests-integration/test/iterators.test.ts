/** What holds for the async iterators of all packages. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setImmediate } from "node:timers/promises";
import { JoinSet, pending, ready, spawn } from "@rt/core";
import { type BufRead, duplex, fromNodeReadable, fromReadableStream } from "@rt/io";
import { type SocketStream, TcpListener, TcpStream, UnixListener, UnixStream } from "@rt/net";
import { Command, Stdio } from "@rt/process";
import { signal, SignalKind } from "@rt/signal";
import { broadcast, mpsc, watch } from "@rt/sync";
import { describe, expect, it, onTestFinished } from "vitest";

/** Something to iterate over, that gives an item when it is told to. */
interface Subject {
  readonly iterable: AsyncIterable<unknown>;
  /** Lets the next item come: 1, 2, 3 … */
  give(n: number): unknown;
  /** Which one an item is. */
  tell(item: unknown): number;
}

const decoder = new TextDecoder();
const byItself = (item: unknown): number => Number(item);
const byBytes = (item: unknown): number => Number(decoder.decode(item as Uint8Array));

/** For items that don't tell which they are. */
function byCount(): (item: unknown) => number {
  let count = 0;
  return () => (count += 1);
}

function closing<T extends Disposable>(made: T): T {
  onTestFinished(() => made[Symbol.dispose]());
  return made;
}

function overDuplex(what: (io: BufRead) => AsyncIterable<unknown>, end: string): Omit<Subject, "tell"> {
  const [a, b] = duplex(64);
  return { iterable: what(a.buffered()), give: (n) => b.writeAll(`${n}${end}`) };
}

async function overListener(
  listener: Disposable & AsyncIterable<unknown>,
  connect: () => PromiseLike<Disposable>,
): Promise<Subject> {
  const count = byCount();
  return {
    iterable: closing(listener),
    give: async () => closing(await connect()),
    tell: (stream) => {
      closing(stream as SocketStream);
      return count(stream);
    },
  };
}

const subjects: Record<string, () => Subject | Promise<Subject>> = {
  "an mpsc.Receiver": () => {
    const { tx, rx } = mpsc.channel<number>(4);
    return { iterable: rx, give: (n) => tx.trySend(n), tell: byItself };
  },
  "an mpsc.UnboundedReceiver": () => {
    const { tx, rx } = mpsc.unboundedChannel<number>();
    return { iterable: rx, give: (n) => tx.send(n), tell: byItself };
  },
  "a broadcast.Receiver": () => {
    const { tx, rx } = broadcast.channel<number>(4);
    return { iterable: rx, give: (n) => tx.send(n), tell: byItself };
  },
  "a watch.Receiver": () => {
    const { tx, rx } = watch.channel(0);
    return { iterable: rx, give: (n) => tx.send(n), tell: byItself };
  },
  "a JoinSet": () => {
    const set = closing(new JoinSet<number>());
    set.spawn(pending());
    return { iterable: set, give: (n) => set.spawn(ready(n)), tell: byItself };
  },
  Lines: () => ({ ...overDuplex((io) => io.lines(), "\n"), tell: byItself }),
  Split: () => ({ ...overDuplex((io) => io.split(0x2c), ","), tell: byBytes }),
  "a buffered Reader": () => ({ ...overDuplex((io) => io, ""), tell: byBytes }),
  "a DuplexStream": () => {
    const [a, b] = duplex(64);
    return { iterable: a, give: (n) => b.writeAll(`${n}`), tell: byBytes };
  },
  "a reader of a Node stream": () => {
    const stream = new PassThrough();
    return {
      iterable: closing(fromNodeReadable(stream)),
      give: (n) => stream.write(`${n}`),
      tell: byBytes,
    };
  },
  "a reader of a web stream": () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    writer.closed.catch(() => {});
    return {
      iterable: closing(fromReadableStream(readable)),
      give: (n) => void writer.write(Buffer.from(`${n}`)).catch(() => {}),
      tell: byBytes,
    };
  },
  "a TcpListener": async () => {
    const listener = await TcpListener.bind("127.0.0.1:0");
    return overListener(listener, () => TcpStream.connect(listener.localAddr()));
  },
  "a UnixListener": async () => {
    const folder = mkdtempSync(join(tmpdir(), "rt-iterators-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "socket");
    return overListener(await UnixListener.bind(path), () => UnixStream.connect(path));
  },
  "a TcpStream": async () => {
    using listener = await TcpListener.bind("127.0.0.1:0");
    const stream = closing(await TcpStream.connect(listener.localAddr()));
    const [peer] = await listener.accept();
    closing(peer);
    return { iterable: stream, give: (n) => peer.writeAll(Buffer.from(`${n}`)), tell: byBytes };
  },
  "the output of a child": () => {
    const child = new Command("cat").stdin(Stdio.piped()).stdout(Stdio.piped()).killOnDrop(true).spawn();
    onTestFinished(() => child.startKill());
    const { stdin, stdout } = child;
    return { iterable: stdout!, give: (n) => stdin!.writeAll(Buffer.from(`${n}`)), tell: byBytes };
  },
  "a Signal": () => ({
    iterable: closing(signal(SignalKind.userDefined2())),
    give: async () => {
      const arrived = once(process, "SIGUSR2");
      process.kill(process.pid, "SIGUSR2");
      await arrived;
    },
    tell: byCount(),
  }),
};

const DONE = { done: true, value: undefined };

/** Lets everything that can go on do so. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i += 1) await setImmediate();
}

/** Which item a `next()` gives. */
async function told(subject: Subject, next: Promise<IteratorResult<unknown>>): Promise<number> {
  const { done, value } = await next;
  if (done === true) throw new Error("The iteration is over");
  return subject.tell(value);
}

function start({ iterable }: Subject): AsyncGenerator<unknown, void, undefined> {
  return iterable[Symbol.asyncIterator]() as AsyncGenerator<unknown, void, undefined>;
}

/** Which item another iteration gives first. */
function afterwards(subject: Subject): Promise<number> {
  return told(subject, start(subject).next());
}

async function rejectionOf(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("Nothing was thrown");
}

describe.each(Object.keys(subjects))("the iterator of %s", (name) => {
  const make = async (): Promise<Subject> => await subjects[name]!();

  it("answers return() while next() waits, which gives done; the next item is for who asks next", async () => {
    const subject = await make();
    const iterator = start(subject);
    const next = iterator.next();
    await settle();
    expect([await iterator.return(), await next, await iterator.next()]).toEqual([DONE, DONE, DONE]);
    await subject.give(1);
    await settle();
    expect(await afterwards(subject)).toBe(1);
  });

  it("answers throw() while next() waits, which gives done; the next item is for who asks next", async () => {
    const subject = await make();
    const iterator = start(subject);
    const next = iterator.next();
    await settle();
    const error = new Error("stop");
    expect([await rejectionOf(iterator.throw(error)), await next, await iterator.next()]).toEqual([
      error,
      DONE,
      DONE,
    ]);
    await subject.give(1);
    await settle();
    expect(await afterwards(subject)).toBe(1);
  });

  it("gives items in order to several next() that wait", async () => {
    const subject = await make();
    const iterator = start(subject);
    const nexts = [iterator.next(), iterator.next(), iterator.next()];
    await settle();
    for (const [i, next] of nexts.entries()) {
      await subject.give(i + 1);
      expect(await told(subject, next)).toBe(i + 1);
    }
    await iterator.return();
  });

  it("is its own iterable, and ends with await using", async () => {
    const subject = await make();
    let next: Promise<IteratorResult<unknown>>;
    {
      await using iterator = start(subject);
      expect(iterator[Symbol.asyncIterator]()).toBe(iterator);
      next = iterator.next();
    }
    expect(await next).toEqual(DONE);
  });

  it("leaves the next item when the task that waits is aborted", async () => {
    const subject = await make();
    const task = spawn(async () => {
      for await (const _ of subject.iterable) throw new Error("There is none");
    });
    await settle();
    task.abort();
    expect(await rejectionOf(task)).toMatchObject({ name: "JoinError" });
    await subject.give(1);
    expect(await afterwards(subject)).toBe(1);
  });

  it("ends with a Readable.from that is destroyed", async () => {
    const subject = await make();
    const stream = Readable.from(subject.iterable);
    const data = once(stream, "data");
    await subject.give(1);
    expect(subject.tell((await data)[0])).toBe(1);
    await settle();
    stream.destroy();
    await once(stream, "close");
    await subject.give(2);
    expect(await afterwards(subject)).toBe(2);
  });

  it("ends with a pipeline that is aborted", async () => {
    const subject = await make();
    const stop = new AbortController();
    const seen: number[] = [];
    const sink = new Writable({
      objectMode: true,
      write(item, _encoding, done) {
        seen.push(subject.tell(item));
        done();
        void settle().then(() => stop.abort());
      },
    });
    const done = pipeline(Readable.from(subject.iterable), sink, { signal: stop.signal });
    await subject.give(1);
    expect(await rejectionOf(done)).toMatchObject({ name: "AbortError" });
    await settle();
    await subject.give(2);
    expect([seen, await afterwards(subject)]).toEqual([[1], 2]);
  });

  it("ends with a ReadableStream.from that is cancelled", async () => {
    const subject = await make();
    const stream = (ReadableStream as unknown as { from(from: AsyncIterable<unknown>): ReadableStream })
      .from(subject.iterable)
      .getReader();
    await subject.give(1);
    expect(subject.tell((await stream.read()).value)).toBe(1);
    const read = stream.read();
    await settle();
    await stream.cancel();
    expect(await read).toEqual(DONE);
    await subject.give(2);
    expect(await afterwards(subject)).toBe(2);
  });
});
