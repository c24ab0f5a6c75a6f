/**
 * The writer of JSON records: of every row its key, a JSON array of some of its cells, and its value, an object of all of them.
 * Texts come as JSON; the numbers are written here.
 */
import { writeNumber } from './decimal'
import { NOTHING, TEXT } from './writer-layout'

export { FREE, MARGIN, NOTHING, POWER_LEAST, POWER_MOST, POWERS, TEXT } from './writer-layout'

const COMMA: u8 = 0x2c
const OPEN_BRACE: u8 = 0x7b
const OPEN_BRACKET: u8 = 0x5b
const CLOSE_BRACKET: u8 = 0x5d

/** By column, where its name and colon lie: address and length. */
let names: usize = 0
let columns: usize = 0
/** The columns of the key. */
let keys: usize = 0
let keyColumns: usize = 0

export function setColumns(namesAt: usize, count: usize, keysAt: usize, keyCount: usize): void {
  names = namesAt
  columns = count
  keys = keysAt
  keyColumns = keyCount
}

/**
 * Writes `count` rows that lie at `rows`, each its cells and then a number that follows `tail` at the end of the value, and
 * `}}`. What is written begins at `start`; where the key and the value of each row begin and end in it goes to `spans`.
 * Returns the end.
 */
export function writeRecords(
  rows: usize,
  count: usize,
  tail: usize,
  tailBytes: usize,
  start: usize,
  spans: usize,
): usize {
  const rowBytes = (columns + 1) << 3
  let at = start
  for (let row: usize = 0; row < count; row++) {
    const cells = rows + row * rowBytes
    const span = spans + (row << 4)
    store<u32>(span, <u32>(at - start))
    store<u8>(at, OPEN_BRACKET)
    for (let i: usize = 0; i < keyColumns; i++) {
      if (i > 0) store<u8>(at, COMMA)
      at = writeCell(at + 1, cells + ((<usize>load<u32>(keys + (i << 2))) << 3))
    }
    if (keyColumns == 0) at++
    store<u8>(at++, CLOSE_BRACKET)
    store<u32>(span, <u32>(at - start), 4)
    store<u32>(span, <u32>(at - start), 8)
    store<u8>(at++, OPEN_BRACE)
    for (let i: usize = 0; i < columns; i++) {
      const cell = cells + (i << 3)
      if (load<u32>(cell, 4) == NOTHING) continue
      const name = names + (i << 3)
      at = copyBytes(at, load<u32>(name), load<u32>(name, 4))
      at = writeCell(at, cell)
      store<u8>(at++, COMMA)
    }
    at = copyBytes(at, tail, tailBytes)
    at = writeNumber(at, load<f64>(cells + (columns << 3)))
    store<u16>(at, 0x7d7d)
    at += 2
    store<u32>(span, <u32>(at - start), 12)
  }
  return at
}

/** A text lies behind its length. What is not there is `null`. */
function writeCell(at: usize, cell: usize): usize {
  const kind = load<u32>(cell, 4)
  if (kind != TEXT) return writeNumber(at, load<f64>(cell))
  const text = <usize>load<u32>(cell)
  return copyBytes(at, text + 4, load<u32>(text))
}

/** Eight bytes at a time, up to seven more than there are. */
function copyBytes(to: usize, from: usize, bytes: usize): usize {
  const end = to + bytes
  while (to < end) {
    store<u64>(to, load<u64>(from))
    to += 8
    from += 8
  }
  return end
}
