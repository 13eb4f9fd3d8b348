/** The commands that are about the connection they come on. */
import { type Bulk, detach, detachText, textOf } from "../../resp/bulk.ts";
import type { Request } from "../../resp/request-parser.ts";
import type { Session } from "../session.ts";
import { now } from "../store.ts";
import {
  type Command,
  NO_KEYS,
  NOT_AN_INTEGER,
  option,
  parseInteger,
  runSubcommand,
  shown,
  type Subcommand,
  word,
  wrongArity,
} from "./command.ts";

/** What clients choose by. */
export const VERSION = "7.0.0";

/** Of a client, which keeps it as long as it is connected. Redis takes any. */
const LONGEST_NAME = 1024;

function ping(session: Session, request: Request): void {
  const { out } = session;
  if (request.length > 2) wrongArity(session, "ping");
  else if (session.isOnlySubscriber) {
    out.array(2);
    out.bulks(["pong", request[1] ?? ""]);
  } else if (request.length === 1) out.raw("+PONG\r\n");
  else out.bulk(request[1] as Bulk);
}

function select(session: Session, request: Request): void {
  const index = parseInteger(request[1] as Bulk);
  if (index === undefined) session.out.error(NOT_AN_INTEGER);
  else if (index !== 0) session.out.error("ERR DB index is out of range");
  else session.out.raw("+OK\r\n");
}

function quit(session: Session): void {
  session.out.raw("+OK\r\n");
  session.isClosing = true;
}

function reset(session: Session): void {
  session.reset();
  session.out.simple("RESET");
}

/** There is no password, so any will do for the user that everybody is. */
function auth(session: Session, request: Request): void {
  const { out } = session;
  if (request.length === 2)
    out.error(
      "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
    );
  else if (request.length > 3) out.error("ERR syntax error");
  else checkUser(session, word(request, 1), () => out.raw("+OK\r\n"));
}

function checkUser(session: Session, user: string, accept: () => void): void {
  if (user === "default") accept();
  else session.out.error("WRONGPASS invalid username-password pair or user is disabled.");
}

function hello(session: Session, request: Request): void {
  const { out } = session;
  const version = request.length > 1 ? parseInteger(request[1] as Bulk) : out.protocol;
  if (version === undefined) {
    out.error("ERR Protocol version is not an integer or out of range");
    return;
  }
  if (version !== 2 && version !== 3) {
    out.error("NOPROTO unsupported protocol version");
    return;
  }
  let name: Bulk | undefined;
  let user = "default";
  for (let at = 2; at < request.length; at += 1) {
    const wanted = option(request, at);
    if (wanted === "AUTH" && at + 2 < request.length) {
      user = word(request, at + 1);
      at += 2;
    } else if (wanted === "SETNAME" && at + 1 < request.length) {
      at += 1;
      name = request[at];
    } else {
      out.error(`ERR Syntax error in HELLO option '${shown(request, at)}'`);
      return;
    }
  }
  checkUser(session, user, () => {
    if (name !== undefined && !checkName(session, name)) return;
    session.name = name === undefined ? session.name : detach(name);
    out.protocol = version;
    introduce(session);
  });
}

function introduce({ out, id }: Session): void {
  out.map(7);
  out.bulks(["server", "redis", "version", VERSION, "proto"]);
  out.integer(out.protocol);
  out.bulk("id");
  out.integer(id);
  out.bulks(["mode", "standalone", "role", "master", "modules"]);
  out.array(0);
}

/** Names end up in lists, one client per line. */
function checkName(session: Session, name: Bulk): boolean {
  if (name.length > LONGEST_NAME) {
    session.out.error(`ERR Client names cannot be longer than ${LONGEST_NAME} bytes.`);
    return false;
  }
  if (/^[!-~]*$/.test(textOf(name))) return true;
  session.out.error("ERR Client names cannot contain spaces, newlines or special characters.");
  return false;
}

function describe(session: Session): string {
  const { id, peer, mailbox, library, out } = session;
  const age = Math.floor((now() - session.startedAt) / 1000);
  const subscriptions = `sub=${mailbox.names("channel").length} psub=${mailbox.names("pattern").length}`;
  return `id=${id} addr=${peer} name=${textOf(session.name)} age=${age} db=0 ${subscriptions} cmd=${session.lastCommand} user=default lib-name=${library["lib-name"]} lib-ver=${library["lib-ver"]} resp=${out.protocol}\n`;
}

const CLIENT: Readonly<Record<string, Subcommand>> = {
  id: { arity: 2, run: ({ out, id }) => out.integer(id) },
  getname: {
    arity: 2,
    run: ({ out, name }) => (name.length === 0 ? out.nil() : out.bulk(name)),
  },
  setname: {
    arity: 3,
    run(session, request) {
      const name = request[2] as Bulk;
      if (!checkName(session, name)) return;
      session.name = detach(name);
      session.out.raw("+OK\r\n");
    },
  },
  setinfo: {
    arity: 4,
    run(session, request) {
      const key = shown(request, 2).toLowerCase();
      const value = word(request, 3);
      if (key !== "lib-name" && key !== "lib-ver")
        session.out.error(`ERR Unrecognized option '${shown(request, 2)}'`);
      else if (value.length > LONGEST_NAME)
        session.out.error(`ERR ${key} cannot be longer than ${LONGEST_NAME} bytes.`);
      else if (!/^[!-~]*$/.test(value))
        session.out.error(`ERR ${key} cannot contain spaces, newlines or special characters.`);
      else {
        session.library = { ...session.library, [key]: detachText(value) };
        session.out.raw("+OK\r\n");
      }
    },
  },
  info: { arity: 2, run: (session) => session.out.verbatim(describe(session)) },
  list: {
    arity: -2,
    run: (session) => session.out.verbatim([...session.shared.sessions.keys()].map(describe).join("")),
  },
};

const FLAGS = ["noscript", "loading", "stale", "fast"] as const;

export const CONNECTION: readonly Command[] = [
  {
    name: "ping",
    arity: -1,
    flags: ["fast"],
    keys: NO_KEYS,
    group: "connection",
    summary: "Answers",
    run: ping,
  },
  {
    name: "echo",
    arity: 2,
    flags: ["fast"],
    keys: NO_KEYS,
    group: "connection",
    summary: "Gives back what it is given",
    run: ({ out }, request) => out.bulk(request[1] as Bulk),
  },
  {
    name: "select",
    arity: 2,
    flags: ["loading", "stale", "fast"],
    keys: NO_KEYS,
    group: "connection",
    summary: "Chooses a database, of which there is one",
    run: select,
  },
  {
    name: "hello",
    arity: -1,
    flags: [...FLAGS, "no_auth"],
    keys: NO_KEYS,
    group: "connection",
    summary: "Agrees on a version of the protocol",
    run: hello,
  },
  {
    name: "auth",
    arity: -2,
    flags: [...FLAGS, "no_auth"],
    keys: NO_KEYS,
    group: "connection",
    summary: "Logs in, for which there is no need",
    run: auth,
  },
  {
    name: "client",
    arity: -2,
    flags: ["noscript", "loading", "stale"],
    keys: NO_KEYS,
    group: "connection",
    summary: "Tells and sets what is known of the clients",
    run: (session, request) => runSubcommand(session, request, "client", CLIENT),
  },
  {
    name: "reset",
    arity: 1,
    flags: [...FLAGS, "no_auth"],
    keys: NO_KEYS,
    group: "connection",
    summary: "Makes the connection as good as new",
    run: reset,
  },
  {
    name: "quit",
    arity: -1,
    flags: [...FLAGS, "no_auth"],
    keys: NO_KEYS,
    group: "connection",
    summary: "Closes the connection",
    run: quit,
  },
];
