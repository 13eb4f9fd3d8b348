import { type Context, PENDING, type Poll } from "@rt/core";
import { describe, expect, it } from "vitest";
import { Waiter, WaitList } from "../../src/internal/wait-list.ts";

/** Waits for ever; what it is told goes to `log`. */
class Probe extends Waiter<never> {
  readonly name: string;
  constructor(name: string, interest = -1) {
    super();
    this.name = name;
    this._interest = interest;
  }
  override poll(): Poll<never> {
    return PENDING;
  }
}

function context(wake: () => void): Context {
  return { waker: { wake } };
}

describe("WaitList", () => {
  it("wakes in the order of waiting", () => {
    const list = new WaitList();
    const log: string[] = [];
    for (const name of ["a", "b", "c"])
      new Probe(name)._enlist(
        list,
        context(() => log.push(name)),
      );
    list.wakeFirst();
    list.wakeAll(-1);
    expect(log).toEqual(["a", "b", "c"]);
    expect(list.isEmpty).toBe(true);
  });

  it("wakes only those whose interest it is", () => {
    const list = new WaitList();
    const log: string[] = [];
    new Probe("read", 1)._enlist(
      list,
      context(() => log.push("read")),
    );
    new Probe("write", 2)._enlist(
      list,
      context(() => log.push("write")),
    );
    list.wakeAll(2);
    expect(log).toEqual(["write"]);
    expect(list.isEmpty).toBe(false);
  });

  it("does not wake again those who wait anew from their waker", () => {
    const list = new WaitList();
    let wakes = 0;
    const probe = new Probe("a");
    const cx = context(() => {
      wakes += 1;
      probe._enlist(list, cx);
    });
    probe._enlist(list, cx);
    list.wakeAll(-1);
    expect(wakes).toBe(1);
    expect(list.isEmpty).toBe(false);
  });

  it("does not wake those whom another waker has made leave", () => {
    const list = new WaitList();
    const log: string[] = [];
    const [a, b, c] = [new Probe("a"), new Probe("b"), new Probe("c")];
    a._enlist(
      list,
      context(() => b._leave()),
    );
    b._enlist(
      list,
      context(() => log.push("b")),
    );
    c._enlist(
      list,
      context(() => log.push("c")),
    );
    list.wakeAll(-1);
    expect(log).toEqual(["c"]);
  });

  it("tells who leaves whether a wake was wasted on it", () => {
    const list = new WaitList();
    const [a, b] = [new Probe("a"), new Probe("b")];
    a._enlist(
      list,
      context(() => {}),
    );
    b._enlist(
      list,
      context(() => {}),
    );
    list.wakeFirst();
    expect([a._leave(), b._leave(), a._leave()]).toEqual([true, false, false]);
  });
});
