import { laneBars } from "../harness/bars.ts";
import { bench, type Case } from "../harness/case.ts";

function among(situation: string, about: string): Case {
  const name = `select/${situation}`;
  return bench(name, { about, per: "select", batch: 1_000, bars: laneBars(name, 2) });
}

export default [
  among("2-branches", "a task receives from one of 2 channels, one of which has a message, by turns"),
  among("8-branches", "the same with 8 channels"),
  among("2-branches-woken", "a task waits for 2 channels with room for one; another sends to them by turns"),
  among("or-sleep", "a task receives from a channel that has a message, or sleeps for 10 s"),
] satisfies readonly Case[];
