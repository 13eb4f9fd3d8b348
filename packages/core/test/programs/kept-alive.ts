/** A driver's timer keeps the process alive exactly while a blockOn waits. */
import { Builder, Future, PENDING, type Context, type Poll, type Waker } from "@rt/core";
import { LayeredDriver } from "@rt/core/driver";

let waker: Waker | undefined;
const due = performance.now() + 50;

class Soon extends LayeredDriver {
  override poll(): void {
    this.inner.poll();
    if (performance.now() >= due) waker?.wake();
  }
  override park(): boolean {
    return this.inner.park(Math.max(1, due - performance.now()));
  }
}

class Due extends Future<string> {
  override poll(cx: Context): Poll<string> {
    if (performance.now() >= due) return "due";
    waker = cx.waker;
    return PENDING;
  }
}

const runtime = Builder.currentThread()
  .addDriver({ name: "soon", install: (inner) => new Soon(inner) })
  .build();
console.log(await runtime.blockOn(new Due()));
