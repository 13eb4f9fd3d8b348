/** The named pipes of Windows, in byte mode. */
import { type Async, type Future, intoFuture } from "@rt/core";
import { IoError, UnsupportedError } from "@rt/io";
import type { Accepted } from "./internal/source.ts";
import { isWindows } from "./internal/sys/platform.ts";
import { Listener } from "./listener.ts";
import { SocketStream } from "./stream.ts";
import { connecting, listening } from "./unix.ts";
import { UnixSocketAddr } from "./unix-addr.ts";

/**
 * A connection over a named pipe, at either end.
 * @see Tokio `net::windows::named_pipe::NamedPipeClient`
 * @public
 */
export class NamedPipeClient extends SocketStream {
  /**
   * Opens the pipe `\\.\pipe\name`.
   * @throws {@link UnsupportedError} elsewhere than on Windows; use {@link UnixStream} there.
   * @see Tokio `named_pipe::ClientOptions::open`
   */
  static open(path: string): Future<NamedPipeClient> {
    return intoFuture(open(checkPath(path)));
  }
  override localAddr(): UnixSocketAddr {
    return new UnixSocketAddr(this._io().localPath);
  }
  override peerAddr(): UnixSocketAddr {
    return new UnixSocketAddr(this._io().peerPath);
  }
}

/**
 * Waits for clients of a named pipe. One object serves all of them: `accept` is what `connect` is in Tokio.
 * @see Tokio `net::windows::named_pipe::NamedPipeServer`
 * @public
 */
export class NamedPipeServer extends Listener<NamedPipeClient, UnixSocketAddr> {
  /**
   * Makes the pipe `\\.\pipe\name`.
   * @throws {@link UnsupportedError} elsewhere than on Windows; use {@link UnixListener} there.
   * @see Tokio `named_pipe::ServerOptions::create`
   */
  static create(path: string): Future<NamedPipeServer> {
    return intoFuture(create(checkPath(path)));
  }
  override localAddr(): UnixSocketAddr {
    return new UnixSocketAddr(this._io().localPath());
  }
  /** @internal */
  override _wrap({ source }: Accepted): [NamedPipeClient, UnixSocketAddr] {
    return [new NamedPipeClient(source), new UnixSocketAddr("")];
  }
}

function checkPath(path: string): string {
  if (!isWindows())
    throw new UnsupportedError(
      "Cannot use a named pipe: only Windows has them; use UnixListener and UnixStream",
    );
  if (!/^\\\\[.?]\\pipe\\./i.test(path))
    throw new IoError(
      "InvalidInput",
      String.raw`Cannot use the pipe: its path must begin with \\.\pipe\ `.trim(),
    );
  return path;
}

function* open(path: string): Async<NamedPipeClient> {
  return new NamedPipeClient(yield* connecting(path));
}

function* create(path: string): Async<NamedPipeServer> {
  return new NamedPipeServer(yield* listening(path));
}
