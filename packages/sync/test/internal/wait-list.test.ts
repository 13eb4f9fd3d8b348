import { describe, expect, it } from "vitest";
import { Builder } from "@rt/core";
import { WaitList, type Place, type Waiter } from "../../src/internal/wait-list.ts";

class Node implements Waiter<Node> {
  _place: Place<Node> | null = null;
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** A list of waiters called a, b, c … that note their wakes. */
function line(names: string, onWake: (name: string) => void = () => {}) {
  const list = new WaitList<Node>();
  const woken: string[] = [];
  const nodes = new Map<string, Node>();
  const join = (name: string): void => {
    const node = new Node(name);
    nodes.set(name, node);
    list.pushBack(node, {
      wake() {
        woken.push(name);
        onWake(name);
      },
    });
  };
  for (const name of names) join(name);
  const remove = (name: string): void => list.remove(nodes.get(name)!);
  return { list, woken, nodes, join, remove };
}

/** Both ways through the list. */
function order(list: WaitList<Node>): string {
  let there = "";
  for (let place = list.first; place !== null; place = place.next) there += place.waiter.name;
  let back = "";
  for (let place = list.last; place !== null; place = place.previous) back = place.waiter.name + back;
  expect(back).toBe(there);
  return there;
}

describe("WaitList", () => {
  it("keeps the order of joining", () => {
    expect(order(line("abc").list)).toBe("abc");
  });

  it.each([
    ["a", "bc"],
    ["b", "ac"],
    ["c", "ab"],
  ])("closes the gap when %s leaves", (name, rest) => {
    const { list, remove } = line("abc");
    remove(name);
    expect(order(list)).toBe(rest);
  });

  it("is empty when the only one has left", () => {
    const { list, remove } = line("a");
    remove("a");
    expect([list.first, list.last]).toEqual([null, null]);
  });

  it("ignores the removal of one that is not in line", () => {
    const { list, remove } = line("ab");
    remove("a");
    remove("a");
    expect(order(list)).toBe("b");
  });

  it("lets one join again at the end", () => {
    const { list, remove, nodes } = line("ab");
    remove("a");
    list.pushBack(nodes.get("a")!, { wake() {} });
    expect(order(list)).toBe("ba");
  });

  it("shifts the oldest, then null", () => {
    const { list } = line("ab");
    expect([list.shift()?.waiter.name, list.shift()?.waiter.name, list.shift()]).toEqual(["a", "b", null]);
  });
});

describe("WaitList.join", () => {
  it("takes the place of the waker, not another place, when called again", () => {
    const list = new WaitList<Node>();
    const node = new Node("a");
    const woken: number[] = [];
    list.join(node, { wake: () => woken.push(1) });
    list.join(node, { wake: () => woken.push(2) });
    list.wakeAll();
    expect(woken).toEqual([2]);
  });
});

describe("WaitList.wakeAll", () => {
  it("wakes everybody in order and empties the line", () => {
    const { list, woken } = line("abc");
    list.wakeAll();
    expect([woken.join(""), order(list)]).toEqual(["abc", ""]);
  });

  it("leaves those in line who join while it runs", () => {
    const { list, woken, join } = line("ab", (name) => {
      if (name === "a") join("c");
    });
    list.wakeAll();
    expect([woken.join(""), order(list)]).toEqual(["ab", "c"]);
  });

  it("leaves those in line who join while it wakes the last", () => {
    const { list, woken, join } = line("ab", (name) => {
      if (name === "b") join("c");
    });
    list.wakeAll();
    expect([woken.join(""), order(list)]).toEqual(["ab", "c"]);
  });

  it.each(["b", "c", "d"])("does not wake %s that a waker removes, and wakes all others", (removed) => {
    const { list, woken, remove } = line("abcd", (name) => {
      if (name === "a") remove(removed);
    });
    list.wakeAll();
    expect([woken.join(""), order(list)]).toEqual(["abcd".replace(removed, ""), ""]);
  });

  it("leaves a newcomer alone when a waker removes all the others", () => {
    const { list, woken, remove, join } = line("abc", (name) => {
      if (name !== "a") return;
      join("d");
      remove("b");
      remove("c");
    });
    list.wakeAll();
    expect([woken.join(""), order(list)]).toEqual(["a", "d"]);
  });

  it("wakes each once when a waker calls it again", () => {
    const { list, woken } = line("abc", (name) => {
      if (name === "a") list.wakeAll();
    });
    list.wakeAll();
    expect([woken.join(""), order(list)]).toEqual(["abc", ""]);
  });

  it("reports a waker that throws and wakes the others", () => {
    const reports: string[] = [];
    const runtime = Builder.currentThread()
      .onReport((report) => reports.push(report.kind))
      .build();
    using _ = runtime.enter();
    const { list, woken } = line("abc", (name) => {
      if (name === "b") throw new Error("this waker throws");
    });
    list.wakeAll();
    runtime.shutdownBackground();
    expect([woken.join(""), reports.length]).toEqual(["abc", 1]);
  });
});

describe("WaitList.oldest and WaitList.youngest", () => {
  it("are the ends of the line", () => {
    const { list } = line("abc");
    expect([list.oldest()?.waiter.name, list.youngest()?.waiter.name]).toEqual(["a", "c"]);
  });

  it("leave out those whom wakeAll is about to wake", () => {
    const seen: unknown[] = [];
    const { list, join } = line("abc", (name) => {
      seen.push([list.oldest()?.waiter.name, list.youngest()?.waiter.name]);
      if (name === "b") {
        join("d");
        join("e");
      }
    });
    list.wakeAll();
    const none = [undefined, undefined];
    expect(seen).toEqual([none, none, ["d", "e"]]);
  });
});
