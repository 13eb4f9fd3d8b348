/** What a package refuses, at once or later, is over: a paused clock goes on to the next timer, and the program ends. */
import { closeSync, existsSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Async, Builder, Handle, type IntoFuture, intoFuture, spawn } from "@rt/core";
import { isClockHeld } from "@rt/core/driver";
import * as fs from "@rt/fs";
import {
  lookupHost,
  TcpListener,
  TcpStream,
  TlsConnector,
  UdpSocket,
  UnixListener,
  UnixStream,
} from "@rt/net";
import { Command } from "@rt/process";
import { signal, SignalKind } from "@rt/signal";
import { Instant, sleep } from "@rt/time";
import { describe, expect, it } from "vitest";

const NOWHERE = join(tmpdir(), "rt-nowhere", "at", "all");

/** Each throws, or fails once it is waited for. */
const REFUSED: Record<string, () => IntoFuture<unknown>> = {
  "lookupHost with a zero byte": () => lookupHost("a\0b:80"),
  "lookupHost of a pair with a zero byte": () => lookupHost(["a\0b", 80]),
  "lookupHost of a name without end": () => lookupHost(["a".repeat(300), 80]),
  "TcpStream.connect with a zero byte": () => TcpStream.connect("a\0b:80"),
  "TcpListener.bind with a zero byte": () => TcpListener.bind(["a\0b", 80]),
  "UdpSocket.bind with a zero byte": () => UdpSocket.bind(["a\0b", 80]),
  "UnixStream.connect with a zero byte": () => UnixStream.connect("/a\0b"),
  "UnixListener.bind with a path too long": () => UnixListener.bind(`/${"a".repeat(300)}`),
  "a TLS handshake without a domain": () =>
    intoFuture(function* () {
      const [plain] = yield* UnixStream.pair();
      yield* new TlsConnector().connect("", plain);
    }),
  "readFile with a zero byte": () => fs.read("a\0b"),
  "readFile of what is no path": () => fs.read(undefined as never),
  "writeFile with a zero byte": () => fs.write("a\0b", "x"),
  "File.open with a zero byte": () => fs.File.open("a\0b"),
  "readDir with a zero byte": () => fs.readDir("a\0b"),
  "readDir of nothing": () => fs.readDir(NOWHERE),
  "rename with a zero byte": () => fs.rename("a", "b\0"),
  "a file used after its descriptor is gone": () =>
    intoFuture(function* () {
      const fd = openSync(process.execPath, "r");
      const file = fs.File.fromFd(fd);
      closeSync(fd);
      try {
        yield* file.readExact(1);
      } finally {
        file.intoFd();
      }
    }),
  "a program that does not exist": () => new Command("rt-no-such-program").status(),
  "a program with a zero byte": () => new Command("a\0b").status(),
  "a folder that does not exist": () => new Command(process.execPath).currentDir(NOWHERE).output(),
  "a signal that nobody may handle": () => signal(SignalKind.fromRaw(9)).recv(),
};

describe.each(Object.entries(REFUSED))("%s", (_name, refused) => {
  it.each(["generator", "async"])("leaves the paused clock moving, in the %s lane", async (lane) => {
    await using runtime = Builder.currentThread().startPaused(true).build();
    const error = await runtime.blockOn(
      spawnIn(lane, refused, () => expect(isClockHeld(Handle.current())).toBe(false)),
    );
    expect(error).toBeInstanceOf(Error);
  });
});

/** Gives what `refused` fails with, and sleeps for an hour of the paused clock. */
function spawnIn(lane: string, refused: () => IntoFuture<unknown>, check: () => void): IntoFuture<unknown> {
  if (lane === "async")
    return async () => {
      let failure: unknown;
      try {
        await intoFuture(refused());
      } catch (error) {
        failure = error;
      }
      check();
      await sleep({ hours: 1 });
      return failure;
    };
  return function* (): Async<unknown> {
    let failure: unknown;
    try {
      yield* intoFuture(refused());
    } catch (error) {
      failure = error;
    }
    check();
    yield* sleep({ hours: 1 });
    return failure;
  };
}

/** A file there may be of any size; only its few pages that were written take memory. */
const SHM = "/dev/shm";

describe("a file at the end of what a position can be", () => {
  it.skipIf(!existsSync(SHM))("fails to read on, and the clock goes on", async () => {
    const path = join(SHM, `rt-far-${process.pid}`);
    await using runtime = Builder.currentThread().startPaused(true).build();
    await runtime.blockOn(function* () {
      const options = fs.File.options().read(true).write(true).create(true);
      using file = yield* options.open(path);
      rmSync(path);
      yield* file.seek({ start: Number.MAX_SAFE_INTEGER - 1 });
      yield* file.writeAll("abcdef");
      yield* file.flush();
      const start = Instant.now();
      const failure = yield* spawn(function* () {
        try {
          yield* file.readExact(1);
        } catch (error) {
          return error;
        }
        return undefined;
      });
      expect(failure).toMatchObject({ name: "IoError", kind: "InvalidInput", code: "ERR_OUT_OF_RANGE" });
      expect(isClockHeld(Handle.current())).toBe(false);
      yield* sleep(1000);
      expect(start.elapsed()).toBe(1000);
    });
  });
});
