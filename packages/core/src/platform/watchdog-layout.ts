/** The words the watchdog's two threads share. */

/** Counts enters and leaves: odd exactly while a poll is going on. */
export const SEQ = 0;
/** The task's id. */
export const ID = 1;
/** Bytes of the label, which follows the words. */
export const LENGTH = 2;
export const WORDS = 4;
