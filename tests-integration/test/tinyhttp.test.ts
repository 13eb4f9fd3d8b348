import { beforeAll, describe, expect, it } from "vitest";
import { dial, type Peer, Program, runsExamples, serve } from "./support/example.ts";

const HOST = "Host: x\r\n\r\n";
const PLAINTEXT = `GET /plaintext HTTP/1.1\r\n${HOST}`;

/** Of one server for all tests that don't end it. */
let port = 0;

function open(): Promise<Peer> {
  return dial(port);
}

interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** The next answer on the connection. */
async function answer(peer: Peer, withBody = true): Promise<Answer> {
  const [line = "", ...fields] = (await peer.until("\r\n\r\n")).trimEnd().split("\r\n");
  const headers = new Map(fields.map((field) => field.split(": ", 2) as [string, string]));
  const length = withBody ? Number(headers.get("content-length")) : 0;
  return { status: Number(line.split(" ")[1]), headers, body: await peer.take(length) };
}

/** Asks, and expects the connection to be closed behind the answer. */
async function lastAnswer(request: string): Promise<Answer> {
  const peer = await open();
  peer.send(request);
  const last = await answer(peer);
  expect(last.headers.get("connection")).toBe("close");
  expect(await peer.rest()).toBe("");
  return last;
}

/** Asks again and again, until it is served. */
async function untilServed(own: number): Promise<void> {
  for (;;) {
    const peer = await dial(own);
    const all = await peer.finish(PLAINTEXT);
    if (all.startsWith("HTTP/1.1 200 OK")) return;
  }
}

describe.runIf(runsExamples)("examples/tinyhttp", () => {
  beforeAll(async () => {
    let stop = (): void => {};
    const whenOver = (cleanup: () => void): void => void (stop = cleanup);
    port = await new Program("tinyhttp", ["127.0.0.1:0"], { whenOver }).port();
    return stop;
  });

  it("answers /plaintext and /json, with length, type and date", async () => {
    const peer = await open();
    peer.send(PLAINTEXT);
    const plain = await answer(peer);
    expect(plain).toMatchObject({ status: 200, body: "Hello, World!" });
    expect(plain.headers.get("content-type")).toBe("text/plain");
    expect(Date.parse(plain.headers.get("date") ?? "")).toBeGreaterThan(Date.now() - 10_000);
    peer.send(`GET /json?x=1 HTTP/1.1\r\n${HOST}`);
    const json = await answer(peer);
    expect(JSON.parse(json.body)).toEqual({ message: "Hello, World!" });
    expect(json.headers.get("content-type")).toBe("application/json");
  });

  it("keeps the connection, until the client asks to close it", async () => {
    const peer = await open();
    peer.send(PLAINTEXT);
    expect((await answer(peer)).headers.has("connection")).toBe(false);
    peer.send(`GET /plaintext HTTP/1.1\r\nConnection: close\r\n${HOST}`);
    expect((await answer(peer)).headers.get("connection")).toBe("close");
    expect(await peer.rest()).toBe("");
  });

  it("closes the connection behind an answer to HTTP/1.0, which needs no host", async () => {
    expect(await lastAnswer("GET /plaintext HTTP/1.0\r\n\r\n")).toMatchObject({ status: 200 });
  });

  it("answers requests that come together in their order, and ignores what follows the last", async () => {
    const peer = await open();
    const last = `GET /plaintext HTTP/1.1\r\nConnection: close\r\n${HOST}`;
    peer.send(`${PLAINTEXT}GET /json HTTP/1.1\r\n${HOST}GET /none HTTP/1.1\r\n${HOST}${last}${PLAINTEXT}`);
    const answers = [await answer(peer), await answer(peer), await answer(peer), await answer(peer)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404, 200]);
    expect(answers[1]?.body).toContain("message");
    expect(await peer.rest()).toBe("");
  });

  it("puts a request together that comes a byte at a time", async () => {
    const peer = await open();
    for (const byte of PLAINTEXT + PLAINTEXT) {
      peer.send(byte);
      await new Promise(setImmediate);
    }
    expect(await answer(peer)).toMatchObject({ status: 200 });
    expect(await answer(peer)).toMatchObject({ status: 200 });
  });

  it("leaves the body away in the answer to HEAD", async () => {
    const peer = await open();
    peer.send(`HEAD /plaintext HTTP/1.1\r\n${HOST}${PLAINTEXT}`);
    const head = await answer(peer, false);
    expect(head.headers.get("content-length")).toBe("13");
    expect(await answer(peer)).toMatchObject({ status: 200, body: "Hello, World!" });
  });

  it("skips the body of a request", async () => {
    const peer = await open();
    const body = "GET /json HTTP/1.1";
    peer.send(`POST /none HTTP/1.1\r\nContent-Length: ${body.length}\r\n${HOST}${body.slice(0, 5)}`);
    expect(await answer(peer)).toMatchObject({ status: 404 });
    peer.send(`${body.slice(5)}\r\n${PLAINTEXT}`);
    expect(await answer(peer)).toMatchObject({ status: 200, body: "Hello, World!" });
  });

  it("answers 404 to a path it does not have", async () => {
    const peer = await open();
    peer.send(`GET /none HTTP/1.1\r\n${HOST}`);
    expect(await answer(peer)).toMatchObject({ status: 404, body: "404 Not Found\n" });
  });

  it("answers 405 to a method that a path does not have, and says which it has", async () => {
    const peer = await open();
    peer.send(`DELETE /json HTTP/1.1\r\n${HOST}`);
    const refused = await answer(peer);
    expect(refused.status).toBe(405);
    expect(refused.headers.get("allow")).toBe("GET, HEAD");
  });

  it.each([
    ["a first line of one word", "hello\r\n"],
    ["a first line that ends with a line feed alone", "GET / HTTP/1.1\n"],
    ["TLS", "\x16\x03\x01\x02\0\x01\0\n\r\n\r\n"],
    ["no host", "GET /plaintext HTTP/1.1\r\n\r\n"],
    ["two hosts", `GET /plaintext HTTP/1.1\r\nHost: y\r\n${HOST}`],
    ["a blank in front of a colon", "GET /plaintext HTTP/1.1\r\nHost : x\r\n\r\n"],
    ["a header over two lines", `GET /plaintext HTTP/1.1\r\nA: b\r\n c\r\n${HOST}`],
    ["a zero in a header", `GET /plaintext HTTP/1.1\r\nA: \0\r\n${HOST}`],
    ["a length that is no number", `POST /plaintext HTTP/1.1\r\nContent-Length: -1\r\n${HOST}`],
    ["two lengths", `POST /plaintext HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n${HOST}`],
  ])("answers 400 to %s", async (_what, request) => {
    expect(await lastAnswer(request)).toMatchObject({ status: 400 });
  });

  it("answers 431 to headers that are too long, whether they end or not", async () => {
    const start = `GET /plaintext HTTP/1.1\r\nA: ${"x".repeat(9000)}`;
    expect(await lastAnswer(`${start}\r\n${HOST}`)).toMatchObject({ status: 431 });
    expect(await lastAnswer(start)).toMatchObject({ status: 431 });
  });

  it("answers 501 to a body of unknown length", async () => {
    const request = `POST /plaintext HTTP/1.1\r\nTransfer-Encoding: chunked\r\n${HOST}`;
    expect(await lastAnswer(request)).toMatchObject({ status: 501 });
  });

  it("answers 505 to another version of HTTP", async () => {
    expect(await lastAnswer(`GET /plaintext HTTP/2.0\r\n${HOST}`)).toMatchObject({ status: 505 });
  });

  it("still answers what came before a malformed request", async () => {
    const peer = await open();
    peer.send(`${PLAINTEXT}hello\r\n`);
    expect(await answer(peer)).toMatchObject({ status: 200 });
    expect(await answer(peer)).toMatchObject({ status: 400 });
  });

  it("answers 408 to heads that do not end, and closes what is idle", async () => {
    const [, own] = await serve("tinyhttp", "--head", "300", "--request", "2000");
    const crowd = await Promise.all(Array.from({ length: 50 }, () => dial(own)));
    crowd.forEach((peer, n) => peer.send(n % 2 === 0 ? "GET / HTTP/1.1\r\nHost:" : ""));
    const answers = await Promise.all(crowd.map((peer) => peer.rest()));
    answers.forEach((text, n) => expect(text.slice(0, 12)).toBe(n % 2 === 0 ? "HTTP/1.1 408" : ""));
  });

  it("does not take close-notify for close", async () => {
    const peer = await open();
    for (let round = 0; round < 2; round += 1) {
      peer.send(`GET /plaintext HTTP/1.1\r\nConnection: close-notify\r\n${HOST}`);
      expect((await answer(peer)).headers.has("connection")).toBe(false);
    }
  });

  it("answers 413 to a body that is too long", async () => {
    const request = `POST /plaintext HTTP/1.1\r\nContent-Length: 1048577\r\n${HOST}`;
    expect(await lastAnswer(request)).toMatchObject({ status: 413 });
  });

  it("goes on for the others while a client asks and does not read", async () => {
    const [program, own] = await serve("tinyhttp");
    const [stuck, other] = [await dial(own), await dial(own)];
    stuck.socket.pause();
    for (let n = 0; n < 200; n += 1) stuck.send(PLAINTEXT.repeat(1000));
    other.send(PLAINTEXT);
    expect(await answer(other)).toMatchObject({ status: 200 });
    stuck.socket.resetAndDestroy();
    other.send(PLAINTEXT);
    expect(await answer(other)).toMatchObject({ status: 200 });
    expect(await program.interrupt()).toMatchObject({ status: 0 });
  });

  it.skipIf(process.platform === "win32")("goes on when it had no descriptors left for a while", async () => {
    const program = new Program("tinyhttp", ["127.0.0.1:0"], { descriptors: 40 });
    const own = await program.port();
    const crowd = await Promise.all(Array.from({ length: 60 }, () => dial(own)));
    const [first, last] = [crowd[0] as Peer, crowd.at(-1) as Peer];
    expect(await last.rest()).toBe(""); // turned away
    first.send(PLAINTEXT);
    expect(await answer(first)).toMatchObject({ status: 200 });
    for (const peer of crowd) peer.socket.resetAndDestroy();
    await untilServed(own);
    expect(await program.interrupt()).toMatchObject({ status: 0 });
  });

  it("ends at ctrl-c, with clients connected", async () => {
    const [program, own] = await serve("tinyhttp");
    const peer = await dial(own);
    peer.send(`${PLAINTEXT}GET`);
    await answer(peer);
    expect(await program.interrupt()).toMatchObject({ status: 0, signal: null, stderr: "" });
    expect(await peer.rest()).toBe("");
  });
});
