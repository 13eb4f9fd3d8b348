/** The sizes of the cases, the same for every contestant (and in `tokio/src/cases/sync.rs`). */

/** Through one channel, by all of its producers together. */
export const MESSAGES = 8_000;
export const PRODUCERS = 8;
/** Values, requests, answers, notifications: what comes one after the other in one batch. */
export const ROUNDS = 1_000;
export const SUBSCRIBERS = 4;
/** Nobody lags: a batch fits. */
export const BROADCAST_CAPACITY = 1_024;
export const WATCHERS = 8;
export const WAITERS = 100;
/** How often all waiters are woken in one batch. */
export const WAKES = 50;
export const CONTENDERS = 10;
export const WRITERS = 2;
export const PERMITS = 5;
/** How often each contender takes what it contends for. */
export const HOLDS = 100;
export const JOBS = 1_000;
export const CONCURRENCY = 10;
