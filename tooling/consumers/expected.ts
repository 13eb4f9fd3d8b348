const LANE = { items: [1, 2, 3], cleanups: 1, late: "Elapsed" };

/** What comes of `programs/portable.mjs`. */
export const PORTABLE = { generator: LANE, async: LANE, shown: '"text"' };

/** What `programs/node.mjs` and `programs/web.mjs` print of it, and of `programs/leaf.mjs`. */
export const LANES = { leaf: "ready", portable: PORTABLE };
