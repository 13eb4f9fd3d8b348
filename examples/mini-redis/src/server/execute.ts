/** From a request to the command it names. */
import type { Request } from "../resp/request-parser.ts";
import { type Command, fits, shown, wrongArity } from "./commands/command.ts";
import { CONNECTION } from "./commands/connection.ts";
import { PUBSUB } from "./commands/pubsub.ts";
import { commandCommand, SERVER } from "./commands/server.ts";
import { STRINGS } from "./commands/strings.ts";
import type { Session } from "./session.ts";

const COMMANDS: ReadonlyMap<string, Command> = tableOf([...STRINGS, ...PUBSUB, ...CONNECTION, ...SERVER]);

/** The same under the two ways of writing that nearly everybody uses. */
const NAMED: ReadonlyMap<string, Command> = new Map(
  [...COMMANDS].flatMap(([name, command]) => [
    [name, command],
    [name.toUpperCase(), command],
  ]),
);

function tableOf(commands: readonly Command[]): ReadonlyMap<string, Command> {
  const table = new Map(commands.map((command) => [command.name, command]));
  const command = commandCommand(table);
  return table.set(command.name, command);
}

/** What a browser would send that was lured into talking to this server. */
const HTTP: ReadonlySet<string> = new Set(["post", "host:"]);

/** Runs a request and puts the reply into the session's output. Never throws for what a client may send. */
export function execute(session: Session, request: Request): void {
  const name = shown(request, 0);
  const command = NAMED.get(name) ?? COMMANDS.get(name.toLowerCase());
  session.shared.commands += 1;
  if (command === undefined) {
    refuse(session, request, name);
    return;
  }
  session.lastCommand = command.name;
  if (!fits(command.arity, request.length)) wrongArity(session, command.name);
  else if (session.isOnlySubscriber && !isForSubscribers(command.name))
    session.out.error(
      `ERR Can't execute '${command.name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`,
    );
  else command.run(session, request);
}

function isForSubscribers(name: string): boolean {
  return /^(?:p?(?:un)?subscribe|ping|quit|reset)$/.test(name);
}

function refuse(session: Session, request: Request, name: string): void {
  if (HTTP.has(name.toLowerCase())) {
    session.isClosing = true;
    return;
  }
  let args = "";
  for (let at = 1; at < request.length && args.length < 128; at += 1)
    args += `'${shown(request, at, 128 - args.length)}' `;
  session.out.error(`ERR unknown command '${name}', with args beginning with: ${args}`);
}
