/** A blockOn waits for a timer of the default runtime. Neither was there when it began. */
import { Builder, Future, Handle, PENDING, type Context, type Poll, type Waker } from "@rt/core";
import { LayeredDriver } from "@rt/core/driver";

let waker: Waker | undefined;
let isOver = false;
let due = Infinity;

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

const begun = new Promise<string>((resolve) => {
  setTimeout(() => {
    due = performance.now() + 50;
    Handle.current().driver({ name: "soon", install: (inner) => new Soon(inner) });
    void Handle.current().spawn(new Due()).then(resolve);
  }, 1);
});
const runtime = Builder.currentThread().build();
console.log(await runtime.blockOn(() => begun));
isOver = true;
