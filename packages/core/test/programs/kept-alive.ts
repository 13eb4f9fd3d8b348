/** A driver's timer keeps the process alive while a blockOn waits, be it one of another runtime. */
import { Builder, Future, Handle, PENDING, type Context, type Poll, type Waker } from "@rt/core";
import { LayeredDriver } from "@rt/core/driver";

let waker: Waker | undefined;
let isOver = false;
const due = performance.now() + 50;

class Soon extends LayeredDriver {
  override poll(): void {
    this.inner.poll();
    if (performance.now() >= due) waker?.wake();
  }
  override park(): boolean {
    return this.inner.park(isOver ? Infinity : Math.max(1, due - performance.now()));
  }
}

class Due extends Future<string> {
  override poll(cx: Context): Poll<string> {
    if (performance.now() >= due) return "due";
    waker = cx.waker;
    return PENDING;
  }
}

const [, , whose] = process.argv;
const runtime = Builder.currentThread().build();
const other = Builder.currentThread().build();
const handle = { own: runtime.handle(), default: Handle.current(), other: other.handle() }[whose ?? ""];
if (handle === undefined) throw new Error(`Whose driver is ${whose}?`);
handle.driver({ name: "soon", install: (inner) => new Soon(inner) });
const task = handle.spawn(new Due());
console.log(await runtime.blockOn(async () => task));
isOver = true;
