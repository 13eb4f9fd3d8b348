/** A process that was started. */
import {
  type Async,
  Future,
  Handle,
  intoFuture,
  PENDING,
  ready,
  UsageError,
  type Context,
  type Poll,
  type Waker,
} from "@rt/core";
import { closedProperly, debug, holdClock, madeProgress, pollProceed, watchForgotten } from "@rt/core/driver";
import type { ExitStatus, Output } from "./exit-status.ts";
import type { Running, Waiting } from "./internal/running.ts";
import { Together } from "./internal/together.ts";
import type { ChildOutput, ChildStderr, ChildStdin, ChildStdout } from "./pipes.ts";

/**
 * A process that was started by {@link Command.spawn}.
 *
 * Disposing it closes the pipes that are still in it. The process goes on running, and is reaped when it ends; with
 * {@link Command.killOnDrop} it is killed. It keeps this process alive only while somebody waits for it.
 *
 * A wait may be given on any runtime. While it lasts, it holds a paused clock.
 * @see Tokio `process::Child`, which is dropped like any value; here, declare it with `using`
 * @public
 */
export class Child implements Disposable {
  /** Our end of its standard input, if that is piped. Set it to null to keep it from being closed with the child. */
  stdin: ChildStdin | null;
  /** Our end of its standard output, if that is piped. Set it to null to keep it from being closed with the child. */
  stdout: ChildStdout | null;
  /** Our end of its standard error, if that is piped. Set it to null to keep it from being closed with the child. */
  stderr: ChildStderr | null;
  readonly #running: Running;
  readonly #killOnDrop: boolean;
  #disposed = false;

  /** @internal */
  constructor(
    running: Running,
    pipes: Pick<Child, "stdin" | "stdout" | "stderr">,
    killOnDrop: boolean,
    above: unknown,
  ) {
    this.#running = running;
    this.stdin = pipes.stdin;
    this.stdout = pipes.stdout;
    this.stderr = pipes.stderr;
    this.#killOnDrop = killOnDrop;
    if (debug && killOnDrop)
      watchForgotten(this, "a Child with killOnDrop", () => killQuietly(running), above);
  }

  /** Its process id; null once it is known to have ended: another process may have the id then. */
  id(): number | null {
    return this.#running.pid;
  }

  /**
   * Waits until the process has ended. It closes {@link Child.stdin} first, if that is still there: a child that reads
   * to the end would wait for us otherwise. Gives the same each time.
   *
   * What the child writes to a pipe has to be read meanwhile, see {@link Child.waitWithOutput}: it waits when the pipe
   * is full.
   *
   * Cancel safety: giving up loses nothing; the process goes on.
   * @throws UsageError (`ERR_RT_DISPOSED`) when the child was disposed. A wait that is under way goes on.
   * @example
   * ```ts
   * const child = new Command("sh").args(["-c", "exit 3"]).spawn();
   * const status = yield* child.wait();
   * status.code(); // => 3
   * ```
   * @see Tokio `Child::wait`
   */
  wait(): Future<ExitStatus> {
    return new Wait(this, this.#live());
  }

  /**
   * How it ended, or null as far as is known now: the news comes with a turn of the event loop. It leaves
   * {@link Child.stdin} open.
   * @throws UsageError (`ERR_RT_DISPOSED`) when the child was disposed.
   * @see Tokio `Child::try_wait`, which asks the system
   */
  tryWait(): ExitStatus | null {
    const { status } = this.#live();
    if (status !== null) closedProperly(this);
    return status;
  }

  /**
   * Closes {@link Child.stdin}, reads everything from {@link Child.stdout} and {@link Child.stderr}, and waits until
   * the process has ended. The child is disposed at the end, and when the future is dropped.
   *
   * Cancel safety: what was read is lost.
   * @throws IoError when reading fails.
   * @throws UsageError (`ERR_RT_DISPOSED`) when the child was disposed.
   * @see Tokio `Child::wait_with_output`
   */
  waitWithOutput(): Future<Output> {
    this.#live();
    return new DisposesChild(this, withOutput(this));
  }

  /**
   * Kills the process (SIGKILL), and does not wait for its end. Nothing happens to one that has ended.
   * @throws IoError when the system does not allow it.
   * @throws UsageError (`ERR_RT_DISPOSED`) when the child was disposed.
   * @see Tokio `Child::start_kill`
   */
  startKill(): void {
    this.#live().kill();
  }

  /**
   * Kills the process, and waits for its end.
   *
   * Cancel safety: once it has been polled, the process is killed.
   * @throws IoError when the system does not allow it.
   * @throws UsageError (`ERR_RT_DISPOSED`) when the child was disposed.
   * @see Tokio `Child::kill`
   */
  kill(): Future<void> {
    this.#live();
    return intoFuture(killAndWait(this));
  }

  /** Closes the pipes that are still here, and kills the process if {@link Command.killOnDrop} says so. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    closedProperly(this);
    this._closePipes();
    if (this.#killOnDrop) killQuietly(this.#running);
  }

  /** @internal */
  _closeStdin(): void {
    const { stdin } = this;
    this.stdin = null;
    stdin?.[Symbol.dispose]();
  }

  /** @internal */
  _closePipes(): void {
    this._closeStdin();
    const { stdout, stderr } = this;
    this.stdout = null;
    this.stderr = null;
    stdout?.[Symbol.dispose]();
    stderr?.[Symbol.dispose]();
  }

  #live(): Running {
    if (!this.#disposed) return this.#running;
    throw new UsageError(
      "ERR_RT_DISPOSED",
      `Cannot use the child ${this.#running.program}: it was disposed; dispose it later`,
    );
  }
}

/** A drop does not throw; that nobody may kill the process is all that could be told. */
function killQuietly(running: Running): void {
  try {
    running.kill();
  } catch {}
}

class Wait extends Future<ExitStatus> implements Waiting {
  declare readonly _child: Child;
  declare readonly _running: Running;
  _waker: Waker | null = null;
  /** Lets a paused clock go on. */
  _release: (() => void) | null = null;

  constructor(child: Child, running: Running) {
    super();
    this._child = child;
    this._running = running;
  }

  override poll(cx: Context): Poll<ExitStatus> {
    if (!pollProceed(cx)) return PENDING;
    this._child._closeStdin();
    const { status } = this._running;
    if (status !== null) {
      this.drop();
      closedProperly(this._child);
      madeProgress();
      return status;
    }
    this._waker = cx.waker;
    if (this._release === null) {
      this._release = holdClock(Handle.current());
      this._running.join(this);
    }
    return PENDING;
  }

  override drop(): void {
    this._running.leave(this);
    this._waker = null;
    this._release?.();
    this._release = null;
  }

  override describe(): string {
    return `the end of ${this._running.program} (process ${this._running.pid})`;
  }
}

function* killAndWait(child: Child): Async<void> {
  child.startKill();
  yield* child.wait();
}

const NOTHING = new Uint8Array(0);

function readAll(output: ChildOutput | null): Future<Uint8Array> {
  return output === null ? ready(NOTHING) : output.readToEnd();
}

function* withOutput(child: Child): Async<Output> {
  const all = new Together(child.wait(), readAll(child.stdout), readAll(child.stderr));
  const [status, stdout, stderr] = yield* all;
  return { status, stdout, stderr };
}

/** A computation that owns a child: it goes with it, however it ends. */
class DisposesChild<T> extends Future<T> {
  readonly #child: Child;
  readonly #inner: Future<T>;
  constructor(child: Child, body: Async<T>) {
    super();
    this.#child = child;
    this.#inner = intoFuture(body);
  }
  override poll(cx: Context): Poll<T> {
    let pending = false;
    try {
      const value = this.#inner.poll(cx);
      pending = value === PENDING;
      return value;
    } finally {
      if (!pending) this.#child[Symbol.dispose]();
    }
  }
  override drop(): void {
    this.#inner.drop();
    this.#child[Symbol.dispose]();
  }
  override describe(): string {
    return this.#inner.describe();
  }
}
