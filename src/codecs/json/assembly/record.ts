import { KEY, NOTES, NOTES_MAX, NOTHING, UNSURE } from './layout'
import { verdictOf } from './memo'
import { followPath, fault as pathFault, learnPath } from './paths'
import { clearRow, isComplete, reads, takeValue } from './row'
import { QUOTE, spaceEnd, stringEnd } from './text'
import { CLOSE_BRACE, COLON, COMMA, valueEnd } from './value'

/** Why the record was not taken: UNSURE or FULL. */
export let fault: i32 = 0

/**
 * Past the record whose opening brace is at `p`, with its cells in row `row`; 0 when it is not taken.
 *
 * @param isEnough the last column that is read may end it: then `end` is returned
 */
export function takeRecord(p: usize, end: usize, row: i32, isEnough: bool): usize {
  clearRow(row)
  let next = followPath(p, end, row, isEnough)
  fault = pathFault
  if (next == 0 && fault == 0) {
    clearRow(row)
    next = walkRecord(p, end, row, isEnough)
  }
  if (next != 0 && next <= end && isComplete(row)) return next
  if (fault == 0) fault = UNSURE
  return 0
}

/** A record on no known path: key by key, in any order and with any whitespace. */
function walkRecord(record: usize, end: usize, row: i32, isEnough: bool): usize {
  let p = spaceEnd(record + 1, end)
  if (load<u8>(p) == CLOSE_BRACE) return p + 1
  let notes = 0
  let seen = 0
  while (p < end) {
    if (load<u8>(p) != QUOTE) return 0
    const keyEnd = stringEnd(p, end)
    if (keyEnd == 0) return 0
    const read = verdictOf(KEY, p, keyEnd)
    if (read < NOTHING) {
      fault = read
      return 0
    }
    p = spaceEnd(keyEnd, end)
    if (load<u8>(p) != COLON) return 0
    p = spaceEnd(p + 1, end)
    const next = valueEnd(p, end)
    if (next == 0) return 0
    if (notes < NOTES_MAX) takeNote(notes, p, next, read)
    notes++
    if (read >= 0) {
      fault = takeValue(read, p, next, row)
      if (fault != 0) return 0
      if (++seen == reads && isEnough) {
        if (notes <= NOTES_MAX) learnPath(record, 0, notes)
        return end
      }
    }
    p = spaceEnd(next, end)
    const c = load<u8>(p++)
    if (c == CLOSE_BRACE) {
      if (notes <= NOTES_MAX && p <= end) learnPath(record, p, notes)
      return p
    }
    if (c != COMMA) return 0
    p = spaceEnd(p, end)
  }
  return 0
}

function takeNote(notes: i32, from: usize, to: usize, read: i32): void {
  const note = NOTES + <usize>notes * 12
  store<u32>(note, <u32>from)
  store<u32>(note, <u32>to, 4)
  store<i32>(note, read, 8)
}
