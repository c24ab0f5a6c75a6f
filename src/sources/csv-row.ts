/** One CSV row with quoted cells: where it ends in the bytes, and its cells. */

const LF = 10
const CR = 13
const QUOTE = 34
const COMMA = 44

/** The row goes on behind the limit. */
export const INCOMPLETE = -1
/** A closing quote is followed by text: the quote that opened the cell belongs to no quoted cell. */
export const MALFORMED = -2

/**
 * Finds the line feed that ends the row at `from`, searching below `limit`. A quote opens a cell only at its beginning;
 * within other cells it is text.
 */
export function findRowEnd(bytes: Uint8Array, from: number, limit: number): number {
  let at = from
  for (;;) {
    if (bytes[at] === QUOTE) {
      at = findClosingQuote(bytes, at + 1, limit) + 1
      if (at === 0) return INCOMPLETE
      if (bytes[at] === CR && at + 1 < limit && bytes[at + 1] === LF) at++
      else if (bytes[at] === CR && at + 1 >= limit) return INCOMPLETE
    } else {
      while (at < limit && bytes[at] !== COMMA && bytes[at] !== LF) at++
    }
    if (at >= limit) return INCOMPLETE
    if (bytes[at] === LF) return at
    if (bytes[at] !== COMMA) return MALFORMED
    at++
  }
}

/** The quote that closes a cell whose text begins at `from`, or -1; two quotes in a row are one in the text. */
function findClosingQuote(bytes: Uint8Array, from: number, limit: number): number {
  for (let at = from; at < limit; at++) {
    if (bytes[at] !== QUOTE) continue
    if (at + 1 >= limit || bytes[at + 1] !== QUOTE) return at
    at++
  }
  return -1
}

/** The cells of a row that `findRowEnd` found, without its line end. */
export function splitQuotedRow(text: string): string[] {
  const cells: string[] = []
  let at = 0
  for (;;) {
    let end: number
    if (text[at] === '"') {
      const closing = closingQuoteOf(text, at + 1)
      const cell = text.slice(at + 1, closing)
      cells.push(cell.includes('"') ? cell.replaceAll('""', '"') : cell)
      end = closing + 1
    } else {
      const comma = text.indexOf(',', at)
      end = comma === -1 ? text.length : comma
      cells.push(text.slice(at, end))
    }
    if (end >= text.length) return cells
    at = end + 1
  }
}

function closingQuoteOf(text: string, from: number): number {
  let at = text.indexOf('"', from)
  while (text[at + 1] === '"') at = text.indexOf('"', at + 2)
  return at
}
