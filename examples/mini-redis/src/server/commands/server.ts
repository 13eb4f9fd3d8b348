/** The commands that are about the server. */
import { type Bulk, decode } from "../../resp/bulk.ts";
import type { Request } from "../../resp/request-parser.ts";
import { matcher } from "../glob.ts";
import { showOutputLimits } from "../output-limits.ts";
import type { Session, Shared } from "../session.ts";
import { now } from "../store.ts";
import {
  type Command,
  NO_KEYS,
  option,
  runSubcommand,
  shown,
  type Subcommand,
  SYNTAX_ERROR,
} from "./command.ts";
import { VERSION } from "./connection.ts";

/** What tools ask for. Nothing of it can be changed while the server runs. */
function settings(shared: Shared): Readonly<Record<string, string>> {
  return {
    appendonly: "no",
    "client-output-buffer-limit": showOutputLimits(shared.outputLimits),
    databases: "1",
    maxclients: `${shared.maxClients}`,
    maxmemory: "0",
    port: `${shared.port}`,
    "proto-max-bulk-len": `${shared.limits.bulk}`,
    save: "",
    timeout: `${shared.idleMs / 1000}`,
  };
}

const CONFIG: Readonly<Record<string, Subcommand>> = {
  get: {
    arity: -3,
    run({ out, shared }, request) {
      const patterns = request.slice(2).map((_, at) => matcher(shown(request, at + 2).toLowerCase()));
      const found = Object.entries(settings(shared)).filter(([name]) =>
        patterns.some((matches) => matches(name)),
      );
      out.map(found.length);
      for (const entry of found) out.bulks(entry);
    },
  },
  set: {
    arity: -4,
    run({ out, shared }, request) {
      const name = shown(request, 2);
      if (Object.hasOwn(settings(shared), name.toLowerCase()))
        out.error(
          `ERR CONFIG SET failed (possibly related to argument '${name}') - can't set immutable config`,
        );
      else out.error(`ERR Unknown option or number of arguments for CONFIG SET - '${name}'`);
    },
  },
  resetstat: {
    arity: 2,
    run({ out, shared }) {
      shared.commands = 0;
      out.raw("+OK\r\n");
    },
  },
};

type Section = readonly (readonly [name: string, value: string | number])[];

const SECTIONS: Readonly<Record<string, (shared: Shared) => Section>> = {
  Server: (shared) => [
    ["redis_version", VERSION],
    ["redis_mode", "standalone"],
    ["os", process.platform],
    ["process_id", process.pid],
    ["tcp_port", shared.port],
    ["uptime_in_seconds", Math.floor((now() - shared.startedAt) / 1000)],
  ],
  Clients: (shared) => [
    ["connected_clients", shared.sessions.size],
    ["maxclients", shared.maxClients],
  ],
  Memory: () => {
    const { heapUsed, external, rss } = process.memoryUsage();
    return [
      ["used_memory", heapUsed + external],
      ["used_memory_rss", rss],
    ];
  },
  Persistence: () => [["loading", 0]],
  Stats: (shared) => [
    ["total_connections_received", shared.connections],
    ["total_commands_processed", shared.commands],
    ["client_output_buffer_limit_disconnections", shared.droppedSlow],
  ],
  Replication: () => [
    ["role", "master"],
    ["connected_slaves", 0],
  ],
  Keyspace: ({ store }) =>
    store.size === 0 ? [] : [["db0", `keys=${store.size},expires=${store.expiring},avg_ttl=0`]],
};

function info({ out, shared }: Session, request: Request): void {
  const wanted = new Set(request.slice(1).map((section) => decode(section).toLowerCase()));
  const isAll = wanted.size === 0 || ["all", "default", "everything"].some((name) => wanted.has(name));
  const text = Object.entries(SECTIONS)
    .filter(([name]) => isAll || wanted.has(name.toLowerCase()))
    .map(
      ([name, values]) =>
        `# ${name}\r\n${values(shared)
          .map((pair) => `${pair.join(":")}\r\n`)
          .join("")}`,
    );
  out.verbatim(text.join("\r\n"));
}

/** `COMMAND` and its subcommands, given the commands there are. */
export function commandCommand(commands: ReadonlyMap<string, Command>): Command {
  const named = (request: Request): [name: Bulk, command: Command | undefined][] =>
    request.slice(2).map((name) => [name, commands.get(decode(name).toLowerCase())]);
  const subcommands: Readonly<Record<string, Subcommand>> = {
    count: { arity: 2, run: ({ out }) => out.integer(commands.size) },
    list: {
      arity: 2,
      run({ out }) {
        out.array(commands.size);
        out.bulks([...commands.keys()]);
      },
    },
    info: {
      arity: -2,
      run: (session, request) =>
        tell(
          session,
          request.length > 2 ? named(request).map(([, command]) => command) : [...commands.values()],
        ),
    },
    docs: {
      arity: -2,
      run({ out }, request) {
        const found =
          request.length > 2 ? named(request).filter(([, command]) => command !== undefined) : [...commands];
        out.map(found.length);
        for (const [name, command] of found as [Bulk, Command][]) {
          out.bulk(name);
          out.map(3);
          out.bulks(["summary", command.summary, "since", "1.0.0", "group", command.group]);
        }
      },
    },
  };
  return {
    name: "command",
    arity: -1,
    flags: ["loading", "stale"],
    keys: NO_KEYS,
    group: "server",
    summary: "Tells which commands there are",
    run(session, request) {
      if (request.length === 1) tell(session, [...commands.values()]);
      else runSubcommand(session, request, "command", subcommands);
    },
  };
}

function tell({ out }: Session, commands: readonly (Command | undefined)[]): void {
  out.array(commands.length);
  for (const command of commands) {
    if (command === undefined) {
      out.nil();
      continue;
    }
    const { name, arity, flags, keys, group } = command;
    out.array(10);
    out.bulk(name);
    out.integer(arity);
    out.set(flags.length);
    for (const flag of flags) out.simple(flag);
    for (const place of keys) out.integer(place);
    out.set(1);
    out.simple(`@${group}`);
    for (let rest = 0; rest < 3; rest += 1) out.array(0); // tips, key specifications, subcommands
  }
}

/** Keys are removed at once, whichever way is asked for. */
function flush({ out, store }: Session, request: Request): void {
  if (request.length > 2 || (request.length === 2 && !/^A?SYNC$/.test(option(request, 1)))) {
    out.error(SYNTAX_ERROR);
    return;
  }
  store.clear();
  out.raw("+OK\r\n");
}

export const SERVER: readonly Command[] = [
  {
    name: "config",
    arity: -2,
    flags: ["admin", "noscript", "loading", "stale"],
    keys: NO_KEYS,
    group: "server",
    summary: "Tells the settings",
    run: (session, request) => runSubcommand(session, request, "config", CONFIG),
  },
  {
    name: "info",
    arity: -1,
    flags: ["loading", "stale"],
    keys: NO_KEYS,
    group: "server",
    summary: "Tells what the server does",
    run: info,
  },
  {
    name: "dbsize",
    arity: 1,
    flags: ["readonly", "fast"],
    keys: NO_KEYS,
    group: "server",
    summary: "Tells how many keys there are",
    run: ({ out, store }) => out.integer(store.size),
  },
  {
    name: "flushall",
    arity: -1,
    flags: ["write"],
    keys: NO_KEYS,
    group: "server",
    summary: "Removes all keys",
    run: flush,
  },
];
