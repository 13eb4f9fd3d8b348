/** What a child gets as a standard stream. */
import type { Socket } from "node:net";
import { checkInteger, show, typeError } from "@rt/core/driver";
import type { NodeStdio } from "./internal/sys/node.ts";
import type { ChildOutput, ChildStdin } from "./pipes.ts";

/**
 * What a child gets as its standard input, output or error.
 * @see Tokio `std::process::Stdio`
 * @public
 */
export class Stdio {
  readonly #source: "inherit" | "ignore" | "pipe" | number | ChildOutput | ChildStdin;

  private constructor(source: "inherit" | "ignore" | "pipe" | number | ChildOutput | ChildStdin) {
    this.#source = source;
  }

  /** The one of this process. */
  static inherit(): Stdio {
    return new Stdio("inherit");
  }

  /** A pipe, whose other end is {@link Child.stdin}, {@link Child.stdout} or {@link Child.stderr}. */
  static piped(): Stdio {
    return new Stdio("pipe");
  }

  /** Nothing: reads give the end, and what is written is lost. */
  static null(): Stdio {
    return new Stdio("ignore");
  }

  /**
   * An open descriptor, or an end of another child: its output as the input of this one, or its input as the output of
   * this one. The end is given away when the command starts; the two children then talk to each other directly, but
   * what was read of an output before is passed on by this process, and with it the rest.
   *
   * A descriptor stays open, and yours to close.
   *
   * @example
   * ```ts
   * const first = new Command("echo").arg("hello").stdout(Stdio.piped()).spawn();
   * const second = yield* new Command("tr").args(["a-z", "A-Z"]).stdin(Stdio.from(first.stdout!)).output();
   * yield* first.wait();
   * new TextDecoder().decode(second.stdout); // => "HELLO\n"
   * ```
   */
  static from(source: number | ChildOutput | ChildStdin): Stdio {
    if (typeof source === "number") checkInteger("a descriptor", source, 0, 2 ** 31 - 1);
    else if (typeof source?._toGive !== "function")
      throw typeError(`Stdio.from takes a descriptor or an end of a child, not ${show(source)}`);
    return new Stdio(source);
  }

  /** The same for Node, as the stream number `index` of a child. @internal */
  _forNode(index: number): NodeStdio {
    const source = this.#source;
    if (typeof source !== "object") return source;
    if (isStdin(source) !== (index === 0)) return source._toGive();
    throw typeError(
      index === 0
        ? "stdin takes the output of another child, not its input"
        : "stdout and stderr take the input of another child, not its output",
    );
  }

  /** The child has started: what it was given is gone from here. `end` is ours of a pipe that stands in for it. @internal */
  _given(end: Socket | null): void {
    if (typeof this.#source !== "object") return;
    if (isStdin(this.#source)) this.#source._given();
    else this.#source._given(end);
  }

  /** Whether our end of a pipe is for the user. @internal */
  get _isPiped(): boolean {
    return this.#source === "pipe";
  }
}

/** Asks for no class: it may be that of another copy. */
function isStdin(end: ChildOutput | ChildStdin): end is ChildStdin {
  return "pollWrite" in end;
}
