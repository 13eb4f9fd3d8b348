import { PENDING } from "@rt/core";
import { ctrlBreak, ctrlC, ctrlClose, signal, SignalKind } from "@rt/signal";
import { describe, expect, it } from "vitest";
import { cx, deliver, inLane, LANES, program, raise, thrownBy } from "./support/signals.ts";

describe("ctrlC", () => {
  it.each(LANES)("waits for SIGINT in the %s lane", async (lane) => {
    expect(await inLane(lane, ctrlC, () => raise("SIGINT"))).toBeUndefined();
  });

  it("listens from its first poll on", async () => {
    using _ = signal(SignalKind.interrupt()); // so that the signal ends nothing
    const wait = ctrlC();
    await deliver("SIGINT");
    const before = wait.poll(cx());
    await deliver("SIGINT");
    expect([before, wait.poll(cx())]).toEqual([PENDING, undefined]);
  });

  it("needs a new signal each time", async () => {
    const first = ctrlC();
    first.poll(cx());
    await deliver("SIGINT");
    first.poll(cx());
    const second = ctrlC();
    const before = second.poll(cx());
    await deliver("SIGINT");
    expect([before, second.poll(cx())]).toEqual([PENDING, undefined]);
  });

  it("wakes everybody who waits", async () => {
    const wakers = [cx(), cx()];
    const waits = wakers.map((waker) => {
      const wait = ctrlC();
      wait.poll(waker);
      return wait;
    });
    await deliver("SIGINT");
    expect([wakers.map((waker) => waker.count), waits.map((wait) => wait.poll(cx()))]).toEqual([
      [1, 1],
      [undefined, undefined],
    ]);
  });

  it("wakes nobody when it is dropped", async () => {
    const [dropped, kept] = [cx(), cx()];
    const [one, other] = [ctrlC(), ctrlC()];
    one.poll(dropped);
    other.poll(kept);
    one.drop();
    await deliver("SIGINT");
    expect([dropped.count, kept.count]).toEqual([0, 1]);
    other.drop();
  });

  it("may be dropped before its first poll", () => {
    expect(() => ctrlC().drop()).not.toThrow();
  });

  it("says what it waits for", () => {
    expect(ctrlC().describe()).toBe("ctrl-c");
  });

  it("keeps a program waiting that waits for nothing else", async () => {
    const { out, end } = await program(`
      later(() => raise("SIGINT"));
      await run(function* () { yield* ctrlC(); });
      console.log("bye");
    `);
    expect([out, end]).toEqual(["bye\n", 0]);
  });

  it("leaves the default action in place until it is polled", async () => {
    const { end } = await program(`
      ctrlC();
      setTimeout(() => {}, 1000);
      raise("SIGINT");
    `);
    expect(end).toBe("SIGINT");
  });
});

describe("ctrlBreak", () => {
  it.skipIf(process.platform === "win32")("throws ERR_RT_UNSUPPORTED where there is no such key", () => {
    expect(thrownBy(ctrlBreak)).toMatchObject({ name: "SignalError", code: "ERR_RT_UNSUPPORTED" });
  });
});

describe("ctrlClose", () => {
  it("listens to SIGHUP", async () => {
    using listener = ctrlClose();
    await deliver("SIGHUP");
    expect(listener.recv().poll(cx())).toBeUndefined();
  });
});
