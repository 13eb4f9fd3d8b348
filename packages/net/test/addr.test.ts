import { PENDING } from "@rt/core";
import { lookupHost, SocketAddr, TcpListener, TcpStream } from "@rt/net";
import { describe, expect, it } from "vitest";
import { failureOf, inLane, LANES, run, TestWaker, thrownBy } from "./support/net.ts";

describe("SocketAddr", () => {
  it("reads and writes both families", () => {
    expect(String(SocketAddr.parse("127.0.0.1:80"))).toBe("127.0.0.1:80");
    expect(String(SocketAddr.parse("[::1]:80"))).toBe("[::1]:80");
    expect(SocketAddr.parse("[::1]:80")).toMatchObject({ address: "::1", port: 80, family: "IPv6" });
  });

  it.each(["localhost:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "1.2.3:80", "", ":80"])(
    "refuses to read %j",
    (bad) => {
      expect(thrownBy(() => SocketAddr.parse(bad))).toMatchObject({ kind: "InvalidInput" });
    },
  );

  it("refuses ports out of range", () => {
    expect(thrownBy(() => new SocketAddr("127.0.0.1", -1))).toMatchObject({ kind: "InvalidInput" });
  });
});

describe("lookupHost", () => {
  it.each([
    ["a string", "127.0.0.1:80"],
    ["a pair", ["127.0.0.1", 80] as const],
    ["a host and a port", { host: "127.0.0.1", port: 80 }],
    ["an address of Node", { address: "127.0.0.1", port: 80 }],
    ["an address", new SocketAddr("127.0.0.1", 80)],
    ["a list", ["127.0.0.1:80"] as const],
  ])("takes %s as it is", (_what, addr) =>
    run(function* () {
      expect(yield* lookupHost(addr)).toEqual([new SocketAddr("127.0.0.1", 80)]);
    }),
  );

  it("is ready at once for an IP address, without asking anybody", () => {
    expect(lookupHost(["::1", 1]).poll(new TestWaker())).toEqual([new SocketAddr("::1", 1)]);
  });

  it.each(LANES)("looks names up, in the %s lane", (lane) =>
    run(function* () {
      const addrs = yield* inLane(lane, () => lookupHost("localhost:80"));
      expect(addrs.length).toBeGreaterThan(0);
      expect(addrs.every(({ address, port }) => /^(127\.|::1)/.test(address) && port === 80)).toBe(true);
    }),
  );

  it.each(LANES)("throws what Node tells of a name that is not known, in the %s lane", (lane) =>
    run(function* () {
      expect(yield* failureOf(inLane(lane, () => lookupHost("does-not-exist.invalid:80")))).toMatchObject({
        name: "IoError",
        syscall: "getaddrinfo",
        code: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/) as string,
      });
    }),
  );

  it("keeps the order of a list", () =>
    run(function* () {
      const addrs = yield* lookupHost(["127.0.0.2:2", ["::1", 1], "127.0.0.1:3"]);
      expect(addrs.map(String)).toEqual(["127.0.0.2:2", "[::1]:1", "127.0.0.1:3"]);
    }));

  it("gives none for an empty list", () =>
    run(function* () {
      expect(yield* lookupHost([])).toEqual([]);
    }));

  it("forgets the question when it is dropped", () => {
    const cx = new TestWaker();
    const looking = lookupHost("localhost:80");
    expect(looking.poll(cx)).toBe(PENDING);
    looking.drop();
    looking.drop();
    expect(cx.count).toBe(0);
  });

  it.each([
    ["no port", "localhost"],
    ["a port that is none", "localhost:http"],
    ["a port out of range", ["localhost", 65_536] as const],
    ["no host", ["", 80] as const],
  ])("throws InvalidInput for %s", (_what, addr) =>
    run(function* () {
      expect(yield* failureOf(lookupHost(addr))).toMatchObject({ kind: "InvalidInput" });
    }),
  );

  it("throws InvalidInput for what is no address at all", () =>
    run(function* () {
      for (const bad of [80, null, undefined, {}])
        expect(yield* failureOf(lookupHost(bad as never))).toMatchObject({ kind: "InvalidInput" });
    }));
});

describe("a name with several addresses", () => {
  it("is connected to at the first that answers", () =>
    run(function* () {
      using listener = yield* TcpListener.bind("127.0.0.1:0");
      const { port } = listener.localAddr();
      using stream = yield* TcpStream.connect([
        ["127.0.0.9", port],
        ["localhost", port],
      ]);
      expect(stream.peerAddr().port).toBe(port);
    }));
});
