import { PENDING } from "@rt/core";
import { lookupHost, SocketAddr, TcpListener, TcpStream, UnixSocketAddr } from "@rt/net";
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
    for (const bad of [-1, 65_536, 0.5, NaN, "80", undefined, null, 80n])
      expect(thrownBy(() => new SocketAddr("127.0.0.1", bad as number))).toMatchObject({
        kind: "InvalidInput",
      });
  });
});

/** What Rust's parser of socket addresses takes, and the text it prints for it. */
const READ = [
  ["0.0.0.0:0", "0.0.0.0:0"],
  ["255.255.255.255:65535", "255.255.255.255:65535"],
  ["127.0.0.1:00080", "127.0.0.1:80"],
  ["127.0.0.1:000000000080", "127.0.0.1:80"],
  ["[::]:0", "[::]:0"],
  ["[0:0:0:0:0:0:0:1]:1", "[::1]:1"],
  ["[0000:0000:0000:0000:0000:0000:0000:0001]:1", "[::1]:1"],
  ["[2001:DB8::00A]:1", "[2001:db8::a]:1"],
  ["[2001:db8:0:0:1:0:0:1]:1", "[2001:db8::1:0:0:1]:1"],
  ["[2001:0:0:1:0:0:0:1]:1", "[2001:0:0:1::1]:1"],
  ["[2001:db8:0:1:1:1:1:1]:1", "[2001:db8:0:1:1:1:1:1]:1"],
  ["[2001:db8::1:1:1:1:1]:1", "[2001:db8:0:1:1:1:1:1]:1"],
  ["[1:2:3:4:5:6:7::]:1", "[1:2:3:4:5:6:7:0]:1"],
  ["[::2:3:4:5:6:7:8]:1", "[0:2:3:4:5:6:7:8]:1"],
  ["[1::]:1", "[1::]:1"],
  ["[1:0:0:0:0:0:0:0]:1", "[1::]:1"],
  ["[::ffff:1.2.3.4]:1", "[::ffff:1.2.3.4]:1"],
  ["[::FFFF:102:304]:1", "[::ffff:1.2.3.4]:1"],
  ["[0:0:0:0:0:ffff:0:0]:1", "[::ffff:0.0.0.0]:1"],
  ["[::1.2.3.4]:1", "[::102:304]:1"],
  ["[::ffff:0:1.2.3.4]:1", "[::ffff:0:102:304]:1"],
  ["[64:ff9b::192.0.2.33]:1", "[64:ff9b::c000:221]:1"],
  ["[1:2:3:4:5:6:1.2.3.4]:1", "[1:2:3:4:5:6:102:304]:1"],
  ["[fe80::1%1]:1", "[fe80::1%1]:1"],
  ["[fe80::1%007]:1", "[fe80::1%7]:1"],
  ["[fe80::1%0]:1", "[fe80::1]:1"],
  ["[fe80::1%4294967295]:1", "[fe80::1%4294967295]:1"],
  ["[::ffff:1.2.3.4%3]:1", "[::ffff:1.2.3.4%3]:1"],
] as const;

const REFUSED = [
  // What stands where.
  ["", ":", ":80", "80", "127.0.0.1", "127.0.0.1:", "::1", "[::1]", "[::1]:", "[]:80", "[]", "[:80", "]:80"],
  ["::1:80", "0:0:0:0:0:0:0:1:80", "fe80::1%1:80", "[127.0.0.1]:80", "[::1:80", "::1]:80", "[[::1]]:80"],
  ["[::1]80", "[::1]::80", "x[::1]:80", "[::1]x:80", "[::1].:80", "localhost:80", "[localhost]:80"],
  // Ports.
  ["127.0.0.1:65536", "127.0.0.1:99999999999999999999", "127.0.0.1:+80", "127.0.0.1:-0", "127.0.0.1:-1"],
  ["127.0.0.1:0x50", "127.0.0.1:8e1", "127.0.0.1:80.0", "127.0.0.1:http", "127.0.0.1:8 0", "[::1]:65536"],
  ["127.0.0.1:80:80", "127.0.0.1:８０", "[::1]:+1"],
  // Whitespace and what else is not to be seen.
  [" 127.0.0.1:80", "127.0.0.1:80 ", "127.0.0.1 :80", "127.0.0.1: 80", "127.0.0.1:80\n", "\t[::1]:80"],
  [
    "[ ::1]:80",
    "[::1 ]:80",
    "[::1] :80",
    "127.0.0.1\0:80",
    "127.0.0.1:80\0",
    "[::1\0]:80",
    "\uFEFF127.0.0.1:80",
  ],
  // IPv4.
  ["1.2.3:80", "1.2.3.4.5:80", "1.2.3.:80", ".1.2.3:80", "1..2.3:80", "1.2.3.4.:80", "256.0.0.1:80"],
  [
    "1.2.3.300:80",
    "01.2.3.4:80",
    "1.2.3.04:80",
    "1.2.3.00:80",
    "0177.0.0.1:80",
    "0x7f.0.0.1:80",
    "1.2.3.a:80",
  ],
  [
    "127.1:80",
    "2130706433:80",
    "+1.2.3.4:80",
    "1.2.3.-4:80",
    "1,2,3,4:80",
    "1.2.3.1000:80",
    "127.0.0.1%1:80",
  ],
  // IPv6.
  ["[1:2:3:4:5:6:7]:80", "[1:2:3:4:5:6:7:8:9]:80", "[1:2:3:4::5:6:7:8]:80", "[::1:2:3:4:5:6:7:8]:80"],
  [
    "[1:2:3:4:5:6:7:8::]:80",
    "[1::2::3]:80",
    "[:::]:80",
    "[:]:80",
    "[:1]:80",
    "[1:]:80",
    "[1::2:]:80",
    "[:1::2]:80",
  ],
  ["[12345::]:80", "[00001::]:80", "[g::]:80", "[-1::]:80", "[+1::]:80", "[0x1::]:80", "[1.2.3.4::]:80"],
  ["[::1.2.3]:80", "[::1.2.3.4:5]:80", "[::01.2.3.4]:80", "[::1.2.3.256]:80", "[1:2:3:4:5:6:7:1.2.3.4]:80"],
  ["[1:2:3:4:5:6::1.2.3.4]:80", "[::ffff:1.2.3.4.]:80", "[1:2:3:4:5:1.2.3.4]:80"],
  // Scopes.
  [
    "[::1%]:80",
    "[fe80::1%eth0]:80",
    "[fe80::1%-1]:80",
    "[fe80::1%+1]:80",
    "[fe80::1%0x1]:80",
    "[fe80::1%1.0]:80",
  ],
  ["[fe80::1%4294967296]:80", "[fe80::1%1%1]:80", "[fe80::1% 1]:80", "[%1]:80", "[fe80::1]%1:80"],
].flat();

describe("SocketAddr.parse", () => {
  it.each(READ)("reads %s, and prints it as %s", (text, printed) => {
    expect(String(SocketAddr.parse(text))).toBe(printed);
  });

  it.each(REFUSED)("refuses %j, as Rust does", (text) => {
    expect(thrownBy(() => SocketAddr.parse(text))).toMatchObject({ name: "IoError", kind: "InvalidInput" });
  });

  it("refuses what is no text", () => {
    for (const bad of [undefined, null, 80, {}, ["127.0.0.1:80"], Symbol("a")])
      expect(thrownBy(() => SocketAddr.parse(bad as string))).toMatchObject({ kind: "InvalidInput" });
  });

  it("tells what to do about an address without brackets", () => {
    expect(String(thrownBy(() => SocketAddr.parse("::1:80")))).toContain("goes into brackets");
  });
});

describe("the constructor of SocketAddr", () => {
  it.each([
    "",
    "[::1]",
    "localhost",
    "::1:80:",
    "01.2.3.4",
    "fe80::1%eth0",
    " ::1",
    "::1 ",
    "1.2.3.4\0",
    "::g",
  ])("refuses %j", (bad) => {
    expect(thrownBy(() => new SocketAddr(bad, 80))).toMatchObject({ kind: "InvalidInput" });
  });

  it("refuses what is no text", () => {
    for (const bad of [undefined, null, 1, {}, ["::1"]])
      expect(thrownBy(() => new SocketAddr(bad as string, 80))).toMatchObject({ kind: "InvalidInput" });
  });

  it("takes the address of another", () => {
    const addr = SocketAddr.parse("[FE80::1%2]:7");
    expect(new SocketAddr(addr.address, addr.port)).toEqual(addr);
    expect(addr).toMatchObject({ address: "fe80::1%2", port: 7, family: "IPv6" });
  });

  it("knows only one zero", () => {
    expect(Object.is(new SocketAddr("::", -0).port, 0)).toBe(true);
  });
});

describe("SocketAddr.equals", () => {
  const same = [
    "[::1]:80",
    "[0:0:0:0:0:0:0:1]:80",
    "[::0001]:80",
    "[0:0::1]:80",
    "[::0.0.0.1]:80",
    "[::1%0]:80",
  ];
  const others = ["[::1]:81", "[::2]:80", "[::1%1]:80", "127.0.0.1:80", "[::ffff:127.0.0.1]:80"];

  it("holds for all ways to write an address, and so does equality of the texts", () => {
    const [first, ...rest] = same.map((text) => SocketAddr.parse(text)) as [SocketAddr, ...SocketAddr[]];
    for (const other of rest) {
      expect(first.equals(other)).toBe(true);
      expect(other).toEqual(first);
      expect(String(other)).toBe(String(first));
    }
  });

  it("does not hold for any other address", () => {
    const all = [same[0] as string, ...others].map((text) => SocketAddr.parse(text));
    for (const a of all) for (const b of all) expect(a.equals(b)).toBe(a === b);
  });
});

describe("UnixSocketAddr.equals", () => {
  it("holds for the same name, and for no other", () => {
    const names = [
      UnixSocketAddr.fromAbstractName("a"),
      UnixSocketAddr.fromAbstractName("a"),
      UnixSocketAddr.fromAbstractName("b"),
    ] as const;
    expect(names[0].equals(names[1])).toBe(true);
    expect(names[0].equals(names[2])).toBe(false);
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
