/** The Node side of `#platform`; see `platform.ts` for what each name must do. */
import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import { channel as nodeChannel } from "node:diagnostics_channel";
import { inspect, types } from "node:util";
import { messageOf, show, spell } from "../shown.ts";
import type { CapturedContext, Channel, HostTimer, ScopeStore } from "./platform.ts";

export { startWatchdog } from "./watchdog.ts";

/** A constant of ours: Parcel loses what is passed on from one of Node's modules. */
export const channel: (name: string) => Channel = nodeChannel;

// Those of this moment: what tests put in their place later must not stop the loop.
const { clearTimeout, setImmediate, setTimeout } = globalThis;

/** True when `RT_DEBUG=1`: spawn sites are captured, polls are timed, forgotten ends are named. */
export const debug: boolean = process.env["RT_DEBUG"] === "1";

/** Milliseconds from a fixed point, never going back. */
export const now: () => number = performance.now.bind(performance);

export function createScopeStore(): ScopeStore | null {
  return new AsyncLocalStorage<object | undefined>();
}

/**
 * An `AsyncResource` holds the context frame of the moment it is made. Making one costs 26 ns and running in it
 * 10 ns on Node 24, against 3 µs for `AsyncLocalStorage.snapshot()`.
 */
export function captureContext(): CapturedContext {
  return new AsyncResource("RtTask");
}

// Made while this module is evaluated, so it holds no task's and no request's context.
const neutral: CapturedContext = captureContext();

/**
 * True on Node 22, where `enterWith` changes the very resource that is being run in, instead of what follows alone: a
 * context that was run in once would keep the scope that was entered there.
 */
const enteringSticks: boolean = (() => {
  const storage = new AsyncLocalStorage<boolean>();
  const context = captureContext();
  context.runInAsyncScope(() => storage.enterWith(true));
  return context.runInAsyncScope(() => storage.getStore() === true);
})();

/** Runs `fn` outside every task's asynchronous context, so that none of them leaks into the scheduler. */
export function runNeutral<A>(fn: (arg: A) => void, arg: A): void {
  const context = enteringSticks ? neutral.runInAsyncScope(captureContext) : neutral;
  context.runInAsyncScope(fn, undefined, arg);
}

/** Calls `fn` once the host's event loop has looked at timers and sockets. */
export function nextTurn(fn: () => void): void {
  setImmediate(fn);
}

export function hostTimer(fn: () => void, ms: number): HostTimer {
  const timer = setTimeout(fn, ms);
  return {
    cancel: () => clearTimeout(timer),
    setRef: (keepsAlive) => void (keepsAlive ? timer.ref() : timer.unref()),
  };
}

/** The process itself: in a sandbox such as jest's the global one is a copy, which the host does not tell anything. */
const host = process.getBuiltinModule?.("node:process") ?? process;

/** Calls `fn` when nothing is left that could ever run again. Gives the function that takes the call back. */
export function onceNothingIsLeft(fn: () => void): () => void {
  const tell = (): void => {
    fn();
    // Node says so once more only if the loop was alive since: whoever is told may come to wait for nothing again.
    setImmediate(() => {});
  };
  host.on("beforeExit", tell);
  return () => host.off("beforeExit", tell);
}

const HIDING: unique symbol = Symbol.for("@rt/core/hiding") as never;

/**
 * From here on, a rejection that nobody handles is nobody's business where `isOurs` says so of its reason. All others
 * are treated as before. For that a listener would not do on Node, because it asks whether there is one.
 *
 * Once for a process: in a sandbox, other copies of this package may have come before.
 */
export function hideCancellations(isOurs: (reason: unknown) => boolean): void {
  const place = host as { [HIDING]?: true };
  if (place[HIDING] !== undefined) return;
  Object.defineProperty(place, HIDING, { value: true });
  if (host.versions["bun"] !== undefined) hideOnBun(isOurs);
  else hideOnNode(isOurs);
  // Deno asks these first.
  (globalThis as RejectionTarget).addEventListener?.("unhandledrejection", (event) => {
    if (isOurs(event.reason)) event.preventDefault();
  });
}

interface RejectionTarget {
  addEventListener?(
    name: string,
    listener: (event: { readonly reason: unknown; preventDefault(): void }) => void,
  ): void;
}

function hideOnNode(isOurs: (reason: unknown) => boolean): void {
  const emit = host.emit as (...args: unknown[]) => boolean;
  /** Those that were hidden: that somebody handles them after all is not worth a warning either. */
  const hidden = new WeakSet();
  const isHidden = (event: unknown, reason: unknown, more: unknown): boolean => {
    switch (event) {
      case "unhandledRejection":
        if (!isOurs(reason)) return false;
        hidden.add(more as Promise<unknown>);
        return true;
      case "rejectionHandled":
        return hidden.has(reason as Promise<unknown>);
      // With --unhandled-rejections=strict.
      case "uncaughtExceptionMonitor":
      case "uncaughtException":
        return more === "unhandledRejection" && isOurs(reason);
      default:
        return false;
    }
  };
  host.emit = function (this: unknown, ...args: unknown[]): boolean {
    return isHidden(args[0], args[1], args[2]) || Reflect.apply(emit, this, args);
  } as typeof host.emit;
}

/** Bun tells listeners without `process.emit`. Where ours is the only one, it does what Bun does where there is none. */
function hideOnBun(isOurs: (reason: unknown) => boolean): void {
  host.on("unhandledRejection", (reason) => {
    if (isOurs(reason) || host.listenerCount("unhandledRejection") > 1) return;
    setTimeout(() => {
      throw reason;
    }, 0);
  });
}

/** True for a promise of any realm, and of any subclass. */
export const isPromise: (value: PromiseLike<unknown>) => boolean = types.isPromise;

/** Where reports go that nobody else takes. Never throws. */
export function printReport(message: string, error?: unknown): void {
  const text = error === undefined ? message : `${message}\n${inspected(error)}`;
  try {
    write(host.stderr, `${text}\n`);
  } catch {
    // There is nobody left to tell it to.
  }
}

/** What `inspect` makes of an error, or what can be said of one that it does not get through. */
function inspected(error: unknown): string {
  try {
    const text = inspect(error);
    // So much is all that some Nodes make of an error that has a hostile getter.
    return text.startsWith("[object ") && types.isNativeError(error) ? spell(error) : text;
  } catch (thrown) {
    try {
      return inspect(error, { customInspect: false });
    } catch {
      return `${spell(error)}\n  (inspecting it failed: ${messageOf(thrown) || show(thrown)})`;
    }
  }
}

function ignore(): void {}

/** Writes to a stream whose reader may have gone. The stream tells so by an event, which ends a process if nobody listens. */
function write(stream: NodeJS.WriteStream, text: string): void {
  stream.once("error", ignore);
  try {
    stream.write(text, (failed) => {
      // The event comes behind this, once for the stream.
      if (failed != null && stream.listenerCount("error") === 0) stream.once("error", ignore);
    });
  } finally {
    stream.off("error", ignore);
  }
}
