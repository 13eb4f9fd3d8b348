/* oxlint-disable no-unmodified-loop-condition -- what is waited for changes it */
/* oxlint-disable require-yield -- a task need not wait for anything */
import { spawn, type Future } from "@rt/core";
import { cursor, empty, IoError, LimitError, ReadBuf, repeat, sink } from "@rt/io";
import { describe, expect, it } from "vitest";
import { bytes, finish, run, text, thrownBy, utf8 } from "./support/io.ts";

/** How many of the operations complete before another task gets its turn. */
function opsInARow(make: () => Future<unknown>): Promise<number> {
  return run(function* () {
    let ops = 0;
    let seen = -1;
    spawn(function* () {
      seen = ops;
    });
    for (; seen < 0 && ops < 1_000; ops += 1) yield* make();
    return seen;
  });
}

describe("empty", () => {
  it("reads nothing", () => {
    const io = empty();
    expect([
      finish(io.read(new Uint8Array(4))),
      finish(io.fillBuf()).length,
      finish(io.readToString()),
    ]).toEqual([0, 0, ""]);
  });

  it("takes everything that is written", () => {
    expect([finish(empty().write(bytes(1, 2))), finish(empty().writeVectored([bytes(1), bytes(2)]))]).toEqual(
      [2, 2],
    );
  });

  it("stays at position 0", () => {
    expect([finish(empty().seek({ start: 9 })), finish(empty().streamPosition())]).toEqual([0, 0]);
  });

  it.each([
    ["read", () => empty().read(new Uint8Array(1))],
    ["fillBuf", () => empty().fillBuf()],
    ["write", () => empty().write(bytes(1))],
    ["seek", () => empty().seek({ start: 0 })],
  ] as [string, () => Future<unknown>][])(
    "lets another task run while %s is always ready",
    async (_name, make) => {
      expect(await opsInARow(make)).toBe(128);
    },
  );
});

describe("repeat", () => {
  it("gives its byte without end", () => {
    expect(finish(repeat(7).readExact(3))).toEqual(bytes(7, 7, 7));
  });

  it("refuses what is no byte", () => {
    expect(thrownBy(() => repeat(256))).toMatchObject({ code: "ERR_RT_OUT_OF_RANGE" });
  });

  it("lets another task run while it is read from", async () => {
    const buf = new Uint8Array(1);
    expect(await opsInARow(() => repeat(1).read(buf))).toBe(128);
  });
});

describe("sink", () => {
  it("takes everything that is written", () => {
    expect([
      finish(sink().write(bytes(1, 2))),
      finish(sink().writeVectored([bytes(1), bytes(2, 3)])),
    ]).toEqual([2, 3]);
  });

  it.each([
    ["write", () => sink().write(bytes(1))],
    ["flush", () => sink().flush()],
    ["shutdown", () => sink().shutdown()],
  ] as [string, () => Future<unknown>][])(
    "lets another task run while %s is always ready",
    async (_name, make) => {
      expect(await opsInARow(make)).toBe(128);
    },
  );
});

describe("cursor", () => {
  it("reads from its bytes and moves on", () => {
    const io = cursor(bytes(1, 2, 3));
    finish(io.readU8());
    expect([io.position(), io.remaining(), finish(io.readToEnd())]).toEqual([1, 2, bytes(2, 3)]);
  });

  it("writes up to the end of an array that it was given, then takes no more", () => {
    const array = new Uint8Array(3);
    const io = cursor(array);
    expect([
      finish(io.write(bytes(1, 2))),
      finish(io.write(bytes(3, 4))),
      finish(io.write(bytes(5))),
      array,
    ]).toEqual([2, 1, 0, bytes(1, 2, 3)]);
  });

  it("grows where it was given none", () => {
    const io = cursor();
    for (let i = 0; i < 1_000; i += 1) finish(io.writeU8(i % 256));
    expect([io.getRef().length, io.getRef()[999]]).toEqual([1_000, 999 % 256]);
  });

  it("takes several arrays at once, as far as they fit", () => {
    expect([
      finish(cursor().writeVectored([bytes(1), bytes(2, 3)])),
      finish(cursor(new Uint8Array(2)).writeVectored([bytes(1), bytes(2, 3), bytes(4)])),
    ]).toEqual([3, 2]);
  });

  it("overwrites where it stands", () => {
    const io = cursor("hello");
    io.setPosition(1);
    finish(io.writeAll("E"));
    expect([text(io.getRef()), io.position()]).toEqual(["hEllo", 2]);
  });

  it("reads nothing behind its end, and fills the gap when it is written there", () => {
    const io = cursor();
    finish(io.seek({ start: 3 }));
    const count = finish(io.read(new Uint8Array(1)));
    finish(io.writeAll("x"));
    expect([count, io.getRef()]).toEqual([0, bytes(0, 0, 0, 0x78)]);
  });

  it("takes nothing behind the end of an array that it was given", () => {
    const io = cursor("abc");
    finish(io.seek({ start: 5 }));
    expect([finish(io.write(bytes(1))), io.remaining()]).toEqual([0, 0]);
  });

  it("gives away chunks of their own", () => {
    const array = utf8("abc");
    const chunk = finish(cursor(array).readChunk()) as Uint8Array;
    chunk[0] = 0;
    expect(text(array)).toBe("abc");
  });

  it("sees what was written into lines that it had looked at", () => {
    const io = cursor("one\ntwo\nsix\n");
    const lines = io.lines();
    finish(lines.nextLine());
    const at = io.position();
    finish(io.writeAll("TWO"));
    io.setPosition(at);
    expect(finish(lines.nextLine())).toBe("TWO");
  });

  it("refuses what is no bytes", () => {
    expect(thrownBy(() => cursor(5 as never))).toMatchObject({ code: "ERR_RT_INVALID_ARGUMENT" });
  });
});

describe("ReadBuf", () => {
  const half = () => {
    const buf = new ReadBuf(new Uint8Array(4));
    buf.putSlice(bytes(1, 2));
    return buf;
  };

  it("counts what is filled and what is free", () => {
    const buf = half();
    expect([buf.capacity(), buf.remaining(), buf.filled(), buf.unfilled().length]).toEqual([
      4,
      2,
      bytes(1, 2),
      2,
    ]);
  });

  it("counts more as filled with advance", () => {
    const buf = half();
    buf.unfilled()[0] = 3;
    buf.advance(1);
    expect(buf.filled()).toEqual(bytes(1, 2, 3));
  });

  it("throws when it is advanced beyond its end, and stays as it is", () => {
    const buf = half();
    expect([thrownBy(() => buf.advance(3)), buf.remaining()]).toEqual([expect.any(RangeError), 2]);
  });

  it("sets what is filled", () => {
    const buf = half();
    buf.setFilled(1);
    expect(buf.filled()).toEqual(bytes(1));
  });

  it("throws when more is set as filled than there is", () => {
    expect(thrownBy(() => half().setFilled(5))).toBeInstanceOf(RangeError);
  });

  it("throws when bytes are put that don't fit, and copies none", () => {
    const buf = half();
    expect([thrownBy(() => buf.putSlice(bytes(7, 8, 9))), buf.inner()]).toEqual([
      expect.any(RangeError),
      bytes(1, 2, 0, 0),
    ]);
  });

  it("gives a buffer over a part of what is free", () => {
    const buf = half();
    buf.take(1).putSlice(bytes(9));
    expect([buf.take(9).capacity(), buf.filled(), buf.inner()]).toEqual([2, bytes(1, 2), bytes(1, 2, 9, 0)]);
  });

  it("gives a part of what is free", () => {
    expect([half().unfilled(1).length, thrownBy(() => half().unfilled(3))]).toEqual([
      1,
      expect.any(RangeError),
    ]);
  });

  it("is all free after clear", () => {
    const buf = half();
    buf.clear();
    expect(buf.remaining()).toBe(4);
  });
});

describe("IoError", () => {
  it.each([
    ["ENOENT", "NotFound"],
    ["EEXIST", "AlreadyExists"],
    ["EACCES", "PermissionDenied"],
    ["ECONNREFUSED", "ConnectionRefused"],
    ["ECONNRESET", "ConnectionReset"],
    ["EPIPE", "BrokenPipe"],
    ["EAGAIN", "WouldBlock"],
    ["ETIMEDOUT", "TimedOut"],
    ["EINTR", "Interrupted"],
    ["EINVAL", "InvalidInput"],
    ["EXDEV", "CrossesDevices"],
    ["EBUSY", "ResourceBusy"],
    ["ENAMETOOLONG", "InvalidFilename"],
    ["EWHATEVER", "Other"],
  ])("takes Node's %s for %s", (code, kind) => {
    expect(IoError.from(Object.assign(new Error("x"), { code })).kind).toBe(kind);
  });

  it("keeps what Node tells, and the original", () => {
    const details = {
      code: "ECONNREFUSED",
      errno: -111,
      syscall: "connect",
      address: "::1",
      port: 1,
      path: "/x",
      dest: "/y",
    };
    const original = Object.assign(new Error("connect ECONNREFUSED"), details);
    const error = IoError.from(original);
    expect(error).toMatchObject({ ...details, message: "connect ECONNREFUSED" });
    expect(error.cause).toBe(original);
  });

  it.each([
    ["one of ours", new IoError("WriteZero", "x"), []],
    [
      "one with some of Node's details",
      IoError.from({ code: "ENOENT", syscall: "open", port: undefined }),
      ["syscall"],
    ],
    ["a subclass", new LimitError(1), ["limit"]],
  ])("has no properties that do not apply: %s", (_what, error, more) => {
    expect(Object.keys(error)).toEqual(["name", "kind", "code", ...more]);
  });

  it("is given back as it is", () => {
    const error = new LimitError(1);
    expect(IoError.from(error)).toBe(error);
  });

  it("takes whatever was thrown", () => {
    expect(IoError.from("what")).toMatchObject({
      kind: "Other",
      message: "what",
      code: "ERR_RT_IO_OTHER",
      cause: "what",
    });
  });

  it.each([
    ["an object without a prototype", Object.create(null)],
    ["an error whose code throws", broken("code")],
    ["an error whose message throws", broken("message")],
    ["an error whose message is a symbol", Object.assign(new Error("x"), { message: Symbol("x") })],
    ["a symbol", Symbol("what")],
    ["what can't be asked anything", revoked()],
  ])("takes %s", (_what, thrown: unknown) => {
    const error = IoError.from(thrown);
    expect([error.name, error.kind, typeof error.message]).toEqual(["IoError", "Other", "string"]);
    expect(Object.is(error.cause, thrown)).toBe(true);
  });

  it("says its kind in its code", () => {
    expect(new IoError("UnexpectedEof", "x").code).toBe("ERR_RT_IO_UNEXPECTED_EOF");
  });
});

function broken(key: string): Error {
  return Object.defineProperty(new Error("x"), key, {
    get: () => {
      throw new Error("hostile");
    },
  });
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
