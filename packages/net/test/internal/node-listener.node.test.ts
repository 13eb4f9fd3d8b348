import { spawn } from "@rt/core";
import { TcpListener, TcpStream } from "@rt/net";
import { describe, expect, it } from "vitest";
import type { NodeListener } from "../../src/internal/sys/node-listener.ts";
import { failureOf, run, turns } from "../support/net.ts";

describe("NodeListener, told of an error while it listens,", () => {
  const emfile = () => Object.assign(new Error("accept EMFILE"), { code: "EMFILE", syscall: "accept" });

  it("throws it to one who waits, and goes on accepting", () =>
    run(function* () {
      using listener = yield* TcpListener.bind("127.0.0.1:0");
      const source = listener._source as NodeListener;
      const accepting = spawn(failureOf(listener.accept()));
      yield* turns(2);
      source._server.emit("error", emfile());
      expect(yield* accepting).toMatchObject({ name: "IoError", code: "EMFILE", syscall: "accept" });
      using _client = yield* TcpStream.connect(listener.localAddr());
      const [server] = yield* listener.accept();
      server.close();
    }));

  it("keeps it for the next call when nobody waits, once", () =>
    run(function* () {
      using listener = yield* TcpListener.bind("127.0.0.1:0");
      const source = listener._source as NodeListener;
      source._server.emit("error", emfile());
      source._server.emit("error", emfile());
      expect(yield* failureOf(listener.accept())).toMatchObject({ code: "EMFILE" });
      using _client = yield* TcpStream.connect(listener.localAddr());
      const [server] = yield* listener.accept();
      server.close();
    }));

  it("gives connections that came before it first", () =>
    run(function* () {
      using listener = yield* TcpListener.bind("127.0.0.1:0");
      using _client = yield* TcpStream.connect(listener.localAddr());
      yield* turns();
      (listener._source as NodeListener)._server.emit("error", emfile());
      const [server] = yield* listener.accept();
      server.close();
      expect(yield* failureOf(listener.accept())).toMatchObject({ code: "EMFILE" });
    }));
});
