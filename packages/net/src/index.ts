/**
 * Sockets: TCP, UDP, Unix, pipes, TLS, and name lookup.
 * @packageDocumentation
 */
export { lookupHost, SocketAddr, type SocketAddrLike } from "./addr.ts";
export { AsyncFd } from "./async-fd.ts";
export { type AddrOf, OwnedReadHalf, OwnedWriteHalf, ReadHalf, ReuniteError, WriteHalf } from "./halves.ts";
export { IoDriver, ioKey } from "./io-driver.ts";
export { Listener } from "./listener.ts";
export { NamedPipeClient, NamedPipeServer } from "./named-pipe.ts";
export { type FromFdOptions, pipe, PipeOpenOptions, PipeReceiver, PipeSender } from "./pipe.ts";
export { Interest, Ready } from "./ready.ts";
export { SocketStream } from "./stream.ts";
export { TcpListener } from "./tcp-listener.ts";
export { TcpSocket } from "./tcp-socket.ts";
export { type KeepAlive, TcpStream } from "./tcp-stream.ts";
export { UdpSocket } from "./udp-socket.ts";
export { TlsAcceptor, TlsConnector, TlsStream } from "./tls.ts";
export { type UCred, UnixDatagram, UnixListener, UnixSocket, UnixStream } from "./unix.ts";
export { type UnixPath, UnixSocketAddr } from "./unix-addr.ts";
