/** What scanners and those who judge for them tell each other; `assembly/layout.ts` says the same to the compiler. */

/** At the end; before a message for which the frame has no room; that it is not sure of; whose texts nobody can remember. */
export type Stop = typeof DONE | typeof NO_ROWS | typeof UNSURE | typeof FULL

export const DONE = 0
export const NO_ROWS = 1
export const UNSURE = -2
export const FULL = -3

/** A verdict over a key or value, beside UNSURE and FULL: nobody reads this key, the cell is empty. */
export const NOTHING = -1

/** Rows of a frame: so few that its columns stay in the processor's cache. */
export const rowsMax = 2_048
