/**
 * The scanner of JSON messages: it writes the columns that are read straight from the bytes, and takes only what it knows
 * to be what `JSON.parse` and the schema would make of them; the rest it leaves to its caller, message by message.
 */
import { DONE, NO_ROWS, OFFSETS, ROWS_MAX, SPANS, UNSURE } from './layout'
import { fault, takeRecord } from './record'
import { spaceEnd } from './text'
import { CLOSE_BRACKET, COMMA, OPEN_BRACE, OPEN_BRACKET } from './value'

export {
  CHECKED,
  CHUNK,
  CHUNK_BYTES,
  DONE,
  FREE,
  FULL,
  KEY,
  MASKS,
  NO_ROWS,
  NOTHING,
  OFFSETS,
  POWER_MAX,
  POWERS,
  READ_BYTES,
  READS,
  READS_MAX,
  ROWS_MAX,
  SPANS,
  TENS,
  UNSURE,
} from './layout'
export { forgetVerdicts } from './memo'
export { forgetPassed, setReads } from './row'

/** The record that `scan` stopped at. */
export let record: i32 = 0
/** How many rows there are. */
export let rows: i32 = 0
/** Where the frame keeps, by row, the offset of its record. */
let positions: usize = 0

export function setPositions(address: usize): void {
  positions = address
}

/**
 * Takes the records from `from` to `to`, whose bytes begin at `base`, behind the `rowsBefore` rows there are. It stops at
 * the end (DONE), at a message that does not fit behind these rows (NO_ROWS), that it is not sure of (UNSURE), or whose text
 * there is no room to remember (FULL).
 */
export function scan(from: i32, to: i32, base: usize, rowsBefore: i32, isEarly: bool): i32 {
  rows = rowsBefore
  for (record = from; record < to; record++) {
    const span = SPANS + ((<usize>record) << 4)
    const start = load<i32>(span, 8)
    if (start < 0) return UNSURE
    const first = rows
    const stop = takeMessage(base + start, base + <usize>load<i32>(span, 12), isEarly)
    if (stop != DONE) {
      rows = first
      return stop == NO_ROWS && first == 0 ? UNSURE : stop
    }
  }
  return DONE
}

function takeMessage(p: usize, end: usize, isEarly: bool): i32 {
  p = spaceEnd(p, end)
  if (p >= end) return UNSURE
  const c = load<u8>(p)
  if (c == OPEN_BRACE) {
    if (rows == ROWS_MAX) return NO_ROWS
    p = takeRow(p, end, isEarly)
    if (p == 0) return fault
  } else if (c == OPEN_BRACKET) {
    p = spaceEnd(p + 1, end)
    if (load<u8>(p) == CLOSE_BRACKET) p++
    else {
      while (true) {
        if (p >= end || load<u8>(p) != OPEN_BRACE) return UNSURE
        if (rows == ROWS_MAX) return NO_ROWS
        p = takeRow(p, end, false)
        if (p == 0) return fault
        p = spaceEnd(p, end)
        const behind = load<u8>(p++)
        if (behind == CLOSE_BRACKET) break
        if (behind != COMMA) return UNSURE
        p = spaceEnd(p, end)
      }
    }
  } else return UNSURE
  return spaceEnd(p, end) == end ? DONE : UNSURE
}

function takeRow(p: usize, end: usize, isEarly: bool): usize {
  const next = takeRecord(p, end, rows, isEarly)
  if (next == 0) return 0
  store<f64>(positions + ((<usize>rows) << 3), load<f64>(OFFSETS + ((<usize>record) << 3)))
  rows++
  return next
}
