import {
  ABSENT,
  CHECKED,
  EMPTY,
  HHMM,
  INTEGER,
  NOTHING,
  NUMBER,
  PASSED,
  PASSED_BYTES,
  PASSED_CELLS,
  PASSED_SLOTS,
  PRESENT,
  READ_BYTES,
  READS,
  UNSURE,
} from './layout'
import { verdictOf } from './memo'
import { numberEnd, numberValue } from './number'
import { QUOTE } from './text'

/** Whether the schema's check lets row `row` pass. */
declare function passes(row: i32): bool

const LETTER_N: u8 = 0x6e

/** How many columns are read. */
export let reads: i32 = 0
/** How many the schema's check reads; -1 when there is none to run. */
let checked: i32 = -1

export function setReads(count: i32, checkedCount: i32): void {
  reads = count
  checked = checkedCount
}

/** Forgets which rows passed: their cells' codes are another dictionary's from now on. */
export function forgetPassed(): void {
  memory.fill(PASSED, 0, <usize>PASSED_SLOTS * PASSED_BYTES)
}

/** Takes the value from `p` to `end` into a row's cell; 0, or UNSURE or FULL. */
export function takeValue(read: i32, p: usize, end: usize, row: i32): i32 {
  const column = READS + <usize>read * READ_BYTES
  const state = <usize>load<u32>(column, 4) + row
  if (load<u8>(state) != ABSENT) return UNSURE // a second member for the same field
  const type = load<u8>(column)
  const c = load<u8>(p)
  if (c == LETTER_N) {
    store<u8>(state, EMPTY)
    return 0
  }
  if (c > 0x3a) return UNSURE // true, false, an object, an array
  if (type >= NUMBER) return takeNumber(column, state, type, p, end, row)
  const verdict = verdictOf(read, p, end)
  if (verdict >= 0) {
    const values = <usize>load<u32>(column, 8)
    if (type == HHMM) store<f64>(values + ((<usize>row) << 3), <f64>verdict)
    else store<u32>(values + ((<usize>row) << 2), verdict)
    store<u8>(state, PRESENT)
    return 0
  }
  if (verdict != NOTHING) return verdict
  store<u8>(state, EMPTY)
  return 0
}

function takeNumber(column: usize, state: usize, type: u8, p: usize, end: usize, row: i32): i32 {
  if (load<u8>(p) == QUOTE) {
    p++
    end--
    if (p == end) {
      store<u8>(state, EMPTY)
      return 0
    }
    if (numberEnd(p, end) != end) return UNSURE
  }
  const value = numberValue(p, end)
  if (!(value >= load<f64>(column, 16) && value <= load<f64>(column, 24))) return UNSURE
  if (type == INTEGER && (trunc(value) != value || abs(value) > 9007199254740991)) return UNSURE
  store<f64>(<usize>load<u32>(column, 8) + ((<usize>row) << 3), value)
  store<u8>(state, PRESENT)
  return 0
}

/** Whether row `row` has what is required and passes the check. */
export function isComplete(row: i32): bool {
  for (let read = 0; read < reads; read++) {
    const column = READS + <usize>read * READ_BYTES
    if (load<u8>(column, 1) != 0 && load<u8>(<usize>load<u32>(column, 4) + row) != PRESENT) return false
  }
  return checked < 0 || isPassed(row)
}

/** Makes a row's cells absent again. */
export function clearRow(row: i32): void {
  for (let read = 0; read < reads; read++) {
    store<u8>(<usize>load<u32>(READS + <usize>read * READ_BYTES, 4) + row, ABSENT)
  }
}

/** Asks the check, or remembers that it let the same cells pass. */
function isPassed(row: i32): bool {
  if (checked > PASSED_CELLS) return passes(row)
  let hash: u64 = 0
  for (let i = 0; i < checked; i++) {
    const column = columnOfCheck(i)
    if (load<u8>(<usize>load<u32>(column, 4) + row) != PRESENT) return passes(row)
    hash = (hash ^ cellBits(column, row)) * 0x9e3779b97f4a7c15
    hash ^= hash >> 32
  }
  const slot = PASSED + <usize>(<u32>hash & (PASSED_SLOTS - 1)) * PASSED_BYTES
  let isKnown = load<u8>(slot, 32) != 0
  for (let i = 0; i < checked && isKnown; i++) {
    isKnown = load<u64>(slot + ((<usize>i) << 3)) == cellBits(columnOfCheck(i), row)
  }
  if (isKnown) return true
  if (!passes(row)) return false
  for (let i = 0; i < checked; i++) store<u64>(slot + ((<usize>i) << 3), cellBits(columnOfCheck(i), row))
  store<u8>(slot, 1, 32)
  return true
}

function columnOfCheck(i: i32): usize {
  return READS + <usize>load<u32>(CHECKED + ((<usize>i) << 2)) * READ_BYTES
}

function cellBits(column: usize, row: i32): u64 {
  const values = <usize>load<u32>(column, 8)
  return load<u8>(column) >= HHMM ? load<u64>(values + ((<usize>row) << 3)) : load<u32>(values + ((<usize>row) << 2))
}
