/**
 * Where everything lies in the scanner's memory, in bytes, and what its answers mean. `../wasm-scanner.ts` reads the
 * addresses from the module's exports, so that they are said once; the answers are those of `../scanner.ts`.
 */

/** Rows of a frame, and records that are handed over at once. */
export const ROWS_MAX: i32 = 2_048
/** Columns that are read. */
export const READS_MAX: i32 = 256

/** Sixteen bytes of ones, then sixteen of zeros: read at 16 - n, they are the mask of n bytes. */
export const MASKS: usize = 0x1000
/** 10^0 to 10^22 as doubles: exact ones. */
export const TENS: usize = 0x1100
/** The 128 leading bits of 5^-60 to 5^60, low half first. */
export const POWERS: usize = 0x1200
export const POWER_MAX: i32 = 60
/** A column that is read: type, required (a byte each), states and values (addresses at 4 and 8), min and max (at 16, 24). */
export const READS: usize = 0x2000
export const READ_BYTES: usize = 32
/** Rows that passed the schema's check, by the hash of the cells that it reads: four of them, then whether it is in use. */
export const PASSED: usize = 0x1_0000
export const PASSED_SLOTS: u32 = 1_024
export const PASSED_BYTES: usize = 64
export const PASSED_CELLS: i32 = 4
/** The columns that the check reads, as places in READS. */
export const CHECKED: usize = 0x2_0000
/** Members of the record that is being scanned: where its value begins and ends, and the column it goes to. */
export const NOTES: usize = 0x2_1000
export const NOTES_MAX: i32 = 512
/** Records handed over: where the key and the value begin and end, by `PackedRecords`; and their offsets. */
export const SPANS: usize = 0x2_8000
export const OFFSETS: usize = 0x3_0000
/** The tree of key orders, see `paths.ts`. */
export const NODES: usize = 0x4_0000
export const NODES_END: usize = 0x8_0000
export const SEGMENTS: usize = 0x8_0000
export const SEGMENTS_END: usize = 0xc_0000
/** Raw values and keys that were judged, see `memo.ts`. */
export const MEMO: usize = 0x10_0000
export const MEMO_SLOTS: u32 = 262_144
export const MEMO_ENTRIES_MAX: u32 = 131_072
export const MEMO_TEXTS: usize = 0x50_0000
export const MEMO_TEXTS_END: usize = 0xd0_0000
/** What is longer is judged anew each time. */
export const MEMO_TEXT_MAX: usize = 1_024
/** Room for records that do not lie in this memory. */
export const CHUNK: usize = 0xd0_0000
export const CHUNK_BYTES: i32 = 0x10_0000
/** From here on the memory belongs to columns and to records that are read in place. */
export const FREE: usize = 0xe1_0000

/** States of a cell, as in `model/column.ts`. */
export const PRESENT: u8 = 0
export const EMPTY: u8 = 1
export const ABSENT: u8 = 2

/** Types of a column. Those below NUMBER are judged once for each distinct value. */
export const TEXT: u8 = 0
export const HHMM: u8 = 1
export const NUMBER: u8 = 2
export const INTEGER: u8 = 3

/** Verdicts below zero: an empty cell or a key that is not read; not for the scanner to say; no room to remember it. */
export const NOTHING: i32 = -1
export const UNSURE: i32 = -2
export const FULL: i32 = -3

/** Why `scan` stopped, beside UNSURE and FULL: at the end, or with no row left. */
export const DONE: i32 = 0
export const NO_ROWS: i32 = 1

/** For `judge`: the raw text is a key rather than a value of a column. */
export const KEY: i32 = 0xffff
