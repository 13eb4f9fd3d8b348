/** Makes sources over Node's own modules. */
import { IoError } from "@rt/io";
import { randomUUID } from "node:crypto";
import * as dns from "node:dns";
import * as fs from "node:fs";
import * as net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type {
  PipeEnd,
  Registry,
  Sockets,
  Source,
  StreamOption,
  StreamSource,
  TcpOptions,
} from "../source.ts";
import { addrOf, nodeAddress } from "./node-addr.ts";
import { NodeDatagram } from "./node-datagram.ts";
import { BACKLOG, NodeListener } from "./node-listener.ts";
import { NODE_HIGH_WATER, NodeStream, SOURCE, type Tagged } from "./node-stream.ts";

/** A socket that reads nothing until it is resumed. */
function socketOf(options: net.SocketConstructorOpts = {}): net.Socket {
  const socket = new net.Socket({
    allowHalfOpen: true,
    highWaterMark: NODE_HIGH_WATER,
    ...options,
  } as net.SocketConstructorOpts);
  socket.pause();
  return socket;
}

function serverOf(): net.Server {
  return new net.Server({ allowHalfOpen: true, pauseOnConnect: true, highWaterMark: NODE_HIGH_WATER });
}

function onConnect(this: net.Socket): void {
  (this as Tagged)[SOURCE].opened();
}

/** Gives a connection the options it was asked for. */
function setup(source: StreamSource, { stream, zeroLinger }: TcpOptions): void {
  if (zeroLinger) source.setZeroLinger(true);
  for (const [name, value] of Object.entries(stream ?? {})) source.setOption(name as StreamOption, value);
}

function checkFifo(fd: number): void {
  if (!fs.fstatSync(fd).isFIFO())
    throw new IoError(
      "InvalidInput",
      "Cannot use it as a pipe: it is none; open it with unchecked(true) to try",
    );
}

function attempt<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw IoError.from(error);
  }
}

/** Lets a source begin. What Node refuses at once is an error as those it tells later, and nothing stays open. */
function begun<S extends Source>(source: S, begin: (source: S) => void): S {
  try {
    begin(source);
  } catch (error) {
    source.close();
    throw IoError.from(error);
  }
  return source;
}

function pipeOf(registry: Registry, fd: number, { reads, writes }: PipeEnd, check: boolean): StreamSource {
  // A socket takes the descriptor as soon as it is made.
  if (registry.failure !== null) throw registry.failure;
  if (check) attempt(() => checkFifo(fd));
  return new NodeStream(
    registry,
    attempt(() => socketOf({ fd, readable: reads, writable: writes })),
    true,
  );
}

export const nodeSockets: Sockets = {
  connectTcp(registry, peer, options) {
    const socket = socketOf();
    return begun(new NodeStream(registry, socket, false), (source) => {
      const { local } = options;
      if (options.stream !== undefined || options.zeroLinger) setup(source, options);
      socket.once("connect", onConnect);
      socket.connect({
        host: nodeAddress(peer),
        port: peer.port,
        family: peer.family === "IPv6" ? 6 : 4,
        ...(local === undefined ? {} : { localAddress: nodeAddress(local), localPort: local.port }),
      });
    });
  },

  listenTcp(registry, local, options) {
    const { backlog = BACKLOG, reusePort = false } = options;
    const asked = { host: nodeAddress(local), port: local.port, backlog, reusePort };
    const plain = options.stream === undefined && !options.zeroLinger;
    const each = plain ? null : (source: StreamSource) => setup(source, options);
    return begun(new NodeListener(registry, serverOf(), asked, each), (source) => source.listen(asked));
  },

  bindUdp(registry, local) {
    return begun(new NodeDatagram(registry, local), (source) => source.bind(local));
  },

  connectPath(registry, path) {
    const socket = socketOf();
    return begun(new NodeStream(registry, socket, false), (source) => {
      source.peerPath = path;
      socket.once("connect", onConnect);
      socket.connect({ path });
    });
  },

  listenPath(registry, path) {
    const asked = { path, backlog: BACKLOG };
    return begun(new NodeListener(registry, serverOf(), asked), (source) => source.listen(asked));
  },

  privatePath() {
    const name = `rt-${randomUUID()}`;
    if (process.platform === "linux") return `\0${name}`;
    return process.platform === "win32" ? `\\\\.\\pipe\\${name}` : join(tmpdir(), name);
  },

  openFifo(registry, path, { reads, writes }, end, check) {
    const { O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = fs.constants;
    const fd = attempt(() =>
      fs.openSync(path, (reads ? (writes ? O_RDWR : O_RDONLY) : O_WRONLY) | O_NONBLOCK),
    );
    try {
      return pipeOf(registry, fd, end, check);
    } catch (error) {
      fs.closeSync(fd);
      throw error;
    }
  },

  pipe: pipeOf,

  lookup(name, port, done) {
    let wanted = true;
    attempt(() =>
      dns.lookup(name, { all: true }, (error, found) => {
        if (!wanted) return;
        wanted = false;
        if (error !== null) done(IoError.from(error), []);
        else
          done(
            null,
            found.map(({ address }) => addrOf(address, port)),
          );
      }),
    );
    return () => {
      wanted = false;
    };
  },
};
