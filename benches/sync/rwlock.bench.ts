import { tokioBar } from "../harness/bars.ts";
import { bench, type Case } from "../harness/case.ts";
import { CONTENDERS, HOLDS, WRITERS } from "./sizes.ts";

const MIXED = "rwlock/10-readers-2-writers";

export default [
  bench("rwlock/read-uncontended", {
    about: "a task locks for reading, reads, and unlocks",
    per: "lock",
    batch: 1_000,
    bars: [tokioBar("rwlock/read-uncontended")],
  }),
  bench("rwlock/write-uncontended", {
    about: "a task locks for writing, counts, and unlocks",
    per: "lock",
    batch: 1_000,
    bars: [tokioBar("rwlock/write-uncontended")],
  }),
  bench(MIXED, {
    about: `${CONTENDERS} tasks read and ${WRITERS} write; each yields once before it unlocks`,
    per: "lock",
    batch: (CONTENDERS + WRITERS) * HOLDS,
    bars: [tokioBar(MIXED)],
  }),
] satisfies readonly Case[];
