/** Runs the examples as their README lines do, and talks to them over plain sockets of Node. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** Examples are written for the Node the project is developed on: 22 has no `using` yet. */
export const runsExamples: boolean = Number.parseInt(process.versions.node, 10) >= 24;

export interface Outcome {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Text that comes bit by bit, and can be waited for. */
export class Text {
  #text = "";
  #ended = false;
  #changed: () => void = () => {};

  add(text: string): void {
    this.#text += text;
    this.#changed();
  }

  end(): void {
    this.#ended = true;
    this.#changed();
  }

  /** Everything up to the end of `part`, which is taken out. */
  async until(part: string): Promise<string> {
    let at = this.#text.indexOf(part);
    while (at === -1) {
      if (this.#ended)
        throw new Error(`No ${JSON.stringify(part)} came; only ${JSON.stringify(this.#text)} did`);
      await this.#change();
      at = this.#text.indexOf(part);
    }
    const found = this.#text.slice(0, at + part.length);
    this.#text = this.#text.slice(found.length);
    return found;
  }

  /** The next `length` characters. */
  async take(length: number): Promise<string> {
    while (this.#text.length < length) {
      if (this.#ended) throw new Error(`Only ${this.#text.length} of ${length} characters came`);
      await this.#change();
    }
    const taken = this.#text.slice(0, length);
    this.#text = this.#text.slice(length);
    return taken;
  }

  /** Everything until it ends. */
  async rest(): Promise<string> {
    while (!this.#ended) await this.#change();
    const rest = this.#text;
    this.#text = "";
    return rest;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = resolve;
    });
  }
}

interface ProgramOptions {
  /** Takes what is to be done when the test is over, or all that share the program. */
  readonly whenOver?: (cleanup: () => void) => void;
  /** How many files and sockets it may have open. Not on Windows. */
  readonly descriptors?: number;
}

/** An example that runs. It is killed when the test is over. */
export class Program {
  readonly child: ChildProcessWithoutNullStreams;
  readonly stdout: Text = new Text();
  readonly #done: Promise<Outcome>;

  constructor(example: string, args: readonly string[] = [], options: ProgramOptions = {}) {
    const { whenOver = onTestFinished, descriptors } = options;
    const cwd = join(import.meta.dirname, "../../../examples", example);
    const command = [process.execPath, "main.ts", ...args] as const;
    const child =
      descriptors === undefined
        ? spawn(command[0], command.slice(1), { cwd })
        : spawn("sh", ["-c", `ulimit -n ${descriptors}; exec "$@"`, "sh", ...command], { cwd });
    this.child = child;
    whenOver(() => void child.kill("SIGKILL"));
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      this.stdout.add(text);
    });
    child.stdout.on("end", () => this.stdout.end());
    child.stderr.setEncoding("utf8").on("data", (text: string) => void (stderr += text));
    // It may have ended before it was sent everything.
    child.stdin.on("error", () => {});
    this.#done = new Promise((resolve) => {
      child.on("close", (status, signal) => resolve({ status, signal, stdout, stderr }));
    });
  }

  /** The outcome, when it has ended by itself. */
  ends(): Promise<Outcome> {
    return this.#done;
  }

  /** Presses ctrl-c. */
  interrupt(): Promise<Outcome> {
    this.child.kill("SIGINT");
    return this.#done;
  }

  /** The port, once the program has said on which one it listens. */
  async port(): Promise<number> {
    await this.stdout.until("listening on 127.0.0.1:");
    return Number(await this.stdout.until("\n"));
  }
}

/** Starts an example on a free port, as its first argument, and gives the port it has got. */
export async function serve(example: string, ...more: string[]): Promise<[program: Program, port: number]> {
  const program = new Program(example, ["127.0.0.1:0", ...more]);
  return [program, await program.port()];
}

/** A client or a connection that was accepted. */
export class Peer extends Text {
  readonly socket: Socket;

  constructor(socket: Socket) {
    super();
    this.socket = socket;
    onTestFinished(() => void socket.destroy());
    socket.setEncoding("latin1").on("data", (text: string) => this.add(text));
    socket.on("end", () => this.end()).on("close", () => this.end());
    socket.on("error", () => {});
  }

  send(text: string): void {
    this.socket.write(text, "latin1");
  }

  /** Closes the direction of writing; what comes can still be read. */
  finish(text = ""): Promise<string> {
    this.socket.end(text, "latin1");
    return this.rest();
  }
}

/** Connects to `port` on the loopback. */
export function dial(port: number): Promise<Peer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(new Peer(socket));
    });
  });
}

/** A server that does nothing but accept. It is closed when the test is over. */
export async function accepting(): Promise<{ port: number; accept: () => Promise<Peer> }> {
  const peers: Peer[] = [];
  let arrived: () => void = () => {};
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    peers.push(new Peer(socket));
    arrived();
  });
  onTestFinished(() => void server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    accept: async () => {
      while (peers.length === 0) await new Promise<void>((resolve) => void (arrived = resolve));
      return peers.shift() as Peer;
    },
  };
}

/** A port that nobody listens on: somebody has just stopped to. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
