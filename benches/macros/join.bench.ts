import { tokioBar } from "../harness/bars.ts";
import { bench, type Case } from "../harness/case.ts";

function of(name: string, about: string): Case {
  return bench(name, { about, per: "join", batch: 1_000, bars: [tokioBar(name)] });
}

export default [
  of("join/2-ready", "a task joins 2 oneshots whose values are there; making and sending them counts"),
  of("join/8-ready", "the same with 8"),
  of("try-join/2-ready", "the same with 2, by `tryJoin`"),
] satisfies readonly Case[];
