/** Where everything of fixed size lies in the record writer's memory, in bytes. `../record-writer.ts` lays out the rest. */

/** The digits of the number that is being written. */
export const DIGITS: usize = 0x1000
/** The leading 128 bits of 10^POWER_LEAST to 10^POWER_MOST, rounded up, low half first. */
export const POWERS: usize = 0x2000
export const POWER_LEAST: i32 = -292
export const POWER_MOST: i32 = 324
export const FREE: usize = 0x5000

/** The upper half of a cell that is no number: a text, whose address is the lower half, or nothing. */
export const TEXT: u32 = 0xffffffff
export const NOTHING: u32 = 0xfffffffe

/** What is written may touch so many bytes behind its end. */
export const MARGIN: usize = 32
