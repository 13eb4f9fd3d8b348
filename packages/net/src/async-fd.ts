/** Readiness of any descriptor. */
import type { Interest } from "./ready.ts";
import { unsupported } from "./tcp-stream.ts";

/**
 * Waits for the readiness of a descriptor that something else has made, for which Node has no way.
 * @see Tokio `io::unix::AsyncFd`
 * @public
 */
export class AsyncFd {
  private constructor() {}

  /** @throws {@link UnsupportedError}, always. @see Tokio `AsyncFd::new`, `AsyncFd::with_interest` */
  static register(_fd: number, _interest?: Interest): AsyncFd {
    throw unsupported("the readiness of a descriptor");
  }
}
