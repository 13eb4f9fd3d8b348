/** The side of `#platform` for browsers and other hosts without Node's modules; see `platform.ts`. */
import { spell } from "../shown.ts";
import type { CapturedContext, Channel, HostTimer, ScopeStore, WatchdogThread } from "./platform.ts";

interface RejectionEvent {
  readonly reason: unknown;
  preventDefault(): void;
  stopImmediatePropagation(): void;
}

interface WebGlobals {
  readonly RT_DEBUG?: unknown;
  readonly performance: { now(): number };
  readonly MessageChannel: new () => {
    readonly port1: { onmessage: (() => void) | null };
    readonly port2: { postMessage(message: null): void };
  };
  readonly setTimeout: (fn: () => void, ms: number) => unknown;
  readonly clearTimeout: (timer: unknown) => void;
  readonly addEventListener?: (name: string, listener: (event: RejectionEvent) => void) => void;
  readonly console: { error(...values: unknown[]): void };
}
// The few globals this file needs, typed here so that it depends on neither DOM nor Node typings; and as they are at
// this moment: what tests put in their place later must not stop the loop.
const host = globalThis as unknown as WebGlobals;
const { clearTimeout, MessageChannel, setTimeout } = host;

/** True when `globalThis.RT_DEBUG` is set before the package is loaded. */
export const debug: boolean = Boolean(host.RT_DEBUG);

export const now: () => number = host.performance.now.bind(host.performance);

/** No host but Node keeps a context over `await` yet; the scheduler then resumes one async task at a time. */
export function createScopeStore(): ScopeStore | null {
  return null;
}

export function captureContext(): CapturedContext | null {
  return null;
}

export function runNeutral<A>(fn: (arg: A) => void, arg: A): void {
  fn(arg);
}

const turns: (() => void)[] = [];
let post: (() => void) | null = null;

/** A message to ourselves: unlike `setTimeout`, browsers don't hold it back for 4 ms. */
export function nextTurn(fn: () => void): void {
  if (post === null) {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => turns.shift()?.();
    post = () => port2.postMessage(null);
  }
  turns.push(fn);
  post();
}

class WebTimer implements HostTimer {
  readonly #timer: unknown;
  constructor(fn: () => void, ms: number) {
    this.#timer = setTimeout(fn, ms);
  }
  cancel(): void {
    clearTimeout(this.#timer);
  }
  setRef(): void {
    // A page has no notion of being kept alive.
  }
}

export function hostTimer(fn: () => void, ms: number): HostTimer {
  return new WebTimer(fn, ms);
}

export function onceNothingIsLeft(_fn: () => void): () => void {
  return () => {};
}

/**
 * True for a promise of another realm. Nothing asks for a promise's inside, so it is known by its looks: there are thenables
 * that call themselves a `Promise`, but with a `then` that somebody wrote.
 */
export function isPromise(value: PromiseLike<unknown>): boolean {
  const { then } = value;
  return (
    Object.prototype.toString.call(value) === "[object Promise]" &&
    typeof then === "function" &&
    /\[native code\]\s*\}$/.test(Function.prototype.toString.call(then))
  );
}

const silent: Channel = { hasSubscribers: false, publish() {} };

export function channel(_name: string): Channel {
  return silent;
}

let isHiding = false;

/** From here on, a rejection that nobody handles is nobody's business where `isOurs` says so of its reason. */
export function hideCancellations(isOurs: (reason: unknown) => boolean): void {
  if (isHiding) return;
  isHiding = true;
  host.addEventListener?.("unhandledrejection", (event) => {
    if (!isOurs(event.reason)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  });
}

/** Never throws, whatever the console makes of an error. */
export function printReport(message: string, error?: unknown): void {
  try {
    if (error === undefined) host.console.error(message);
    else host.console.error(message, error);
  } catch {
    try {
      host.console.error(error === undefined ? message : `${message}\n${spell(error)}`);
    } catch {
      // There is nobody left to tell it to.
    }
  }
}

export function startWatchdog(_thresholdMs: number): WatchdogThread | null {
  return null;
}
