/** The standard streams of the process. */
import { fromNodeReadable, NodeWriter, type NodeReader } from "./node-streams.ts";
import { standard } from "./internal/sys/node.ts";

let input: NodeReader | null = null;

/**
 * The standard input. Every call gives the same reader, so nothing that was read ahead is lost. A read that waits keeps
 * the process alive, until it has its input or is given up.
 *
 * Cancel safety: giving up loses nothing: what arrives later is for the next read.
 * @throws {@link IoError} of kind `Unsupported` where there is no Node.
 * @example
 * ```ts no-run
 * for await (const line of stdin().lines()) console.log(line.toUpperCase());
 * ```
 * @see Tokio `io::stdin`, which reads on a thread that a shutdown has to wait for
 * @public
 */
export function stdin(): NodeReader {
  if (input === null) {
    const stream = standard("stdin");
    input = fromNodeReadable(stream);
    // A file has neither: it is read from at once, and does not keep the process waiting.
    const { ref, unref } = stream as Partial<typeof stream>;
    if (ref !== undefined && unref !== undefined)
      input.onWait = (waits) => void (waits ? stream.ref() : stream.unref());
  }
  return input;
}

function output(name: "stdout" | "stderr"): NodeWriter {
  const stream = standard(name);
  // Each write hears of its own error; without a listener the event would end the process.
  if (!stream.listeners("error").includes(ignore)) stream.on("error", ignore);
  return new NodeWriter(stream, false, false);
}

function ignore(): void {}

/**
 * A writer to the standard output. Each call makes one of its own; a single write is not mixed with others, `writeAll`
 * of more than 2 MiB may be. Flush it before the process exits. A shutdown only flushes.
 *
 * Cancel safety: giving up loses nothing: what was taken is written.
 * @throws {@link IoError} of kind `Unsupported` where there is no Node.
 * @see Tokio `io::stdout`
 * @public
 */
export function stdout(): NodeWriter {
  return output("stdout");
}

/** As {@link stdout}, to the standard error. @see Tokio `io::stderr` @public */
export function stderr(): NodeWriter {
  return output("stderr");
}
