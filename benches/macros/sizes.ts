/** The sizes of the cases, the same for every contestant (and in `tokio/src/cases/macros.rs`). */

/** Messages that one batch of `select/2-branches-woken` receives. */
export const ROUNDS = 1_000;
/** Milliseconds; never over in a sample. */
export const LONG = 10_000;
