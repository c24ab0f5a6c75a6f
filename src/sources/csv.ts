import { isUtf8 } from 'node:buffer'
import { recordBytesMax } from '../foundation/limits.ts'
import { findRowEnd, INCOMPLETE, splitQuotedRow } from './csv-row.ts'

/** A row of a CSV file. `line` counts the file's physical lines from 1 and is the one where the row starts. */
export interface CsvRow {
  readonly kind: 'row'
  readonly line: number
  readonly cells: string[]
}

/** A line that is no row, with the reason and the beginning of its text. */
export interface CsvRefusal {
  readonly kind: 'refusal'
  readonly line: number
  readonly reason: string
  readonly sample: string
}

export type CsvEntry = CsvRow | CsvRefusal

/**
 * Reads CSV (RFC 4180) of any size, a chunk of bytes at a time: one array of rows and refusals, in the order of the
 * file, for each chunk. Lines end with LF or CRLF, the last may end without; blank lines are no rows; a byte order mark
 * is dropped. The number of cells is the caller's to judge.
 *
 * A row longer than `recordBytesMax` and a line that is not UTF-8 are refused and reading goes on behind them. A quote
 * that never closes, or only in another row's text, costs no more than the line it is on.
 */
export async function* readCsv(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly CsvEntry[], void, undefined> {
  const parser = createCsvParser()
  for await (const chunk of chunks) yield parser.push(chunk)
  yield parser.end()
}

export interface CsvParser {
  push(chunk: Uint8Array): readonly CsvEntry[]
  end(): readonly CsvEntry[]
}

export function createCsvParser(): CsvParser {
  return new Parser()
}

const LF = 10
const CR = 13
const QUOTE = 34
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])
/** How much of a refused line is kept as evidence. */
const sampleBytesMax = 2_048

const tooLong = `the row is longer than ${recordBytesMax} bytes`
const notUtf8 = 'the row is not valid UTF-8'
const strayQuote = 'the quotes of the row do not match'

/** Holds at most one unfinished row and the chunk that came last. */
class Parser implements CsvParser {
  private pending: Buffer = Buffer.alloc(0)
  private line = 1
  private isAtStart = true
  /** True while the rest of a line that was already refused as too long goes by. */
  private isSkipping = false
  /** No row can end before `pending` has grown to this size: keeps a long row from being searched at every chunk. */
  private worthReadingBytes = 0
  /** The cells of the first row; a row over several lines with another number of them swallowed its neighbours. */
  private width: number | undefined
  private entries: CsvEntry[] = []

  push(chunk: Uint8Array): readonly CsvEntry[] {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    this.pending = this.pending.length === 0 ? bytes : Buffer.concat([this.pending, bytes])
    if (this.pending.length >= this.worthReadingBytes) this.read(false)
    return this.take()
  }

  end(): readonly CsvEntry[] {
    if (this.pending.length > 0 && this.pending.at(-1) !== LF) {
      this.pending = Buffer.concat([this.pending, Buffer.from([LF])])
    }
    this.read(true)
    return this.take()
  }

  private take(): readonly CsvEntry[] {
    const taken = this.entries
    this.entries = []
    return taken
  }

  private read(isEnd: boolean): void {
    if (this.isAtStart && !this.dropByteOrderMark(isEnd)) return
    const bytes = this.pending
    const areAllUtf8 = isUtf8(bytes.subarray(0, bytes.lastIndexOf(LF) + 1))
    let quote = indexOf(bytes, QUOTE, 0)
    let from = 0
    while (from < bytes.length) {
      const lineEnd = bytes.indexOf(LF, from)
      if (this.isSkipping) {
        from = lineEnd === -1 ? bytes.length : this.next(lineEnd)
        continue
      }
      if (lineEnd === -1 || lineEnd - from > recordBytesMax) {
        if (bytes.length - from <= recordBytesMax) break
        this.refuse(bytes, from, lineEnd === -1 ? bytes.length : lineEnd, tooLong)
        this.isSkipping = true
        continue
      }
      if (quote < from) quote = indexOf(bytes, QUOTE, from)
      if (quote > lineEnd) {
        this.readPlainRow(bytes, from, lineEnd, areAllUtf8)
        from = this.next(lineEnd)
        continue
      }
      const after = this.readQuotedRow(bytes, from, lineEnd, areAllUtf8, isEnd)
      if (after === undefined) break
      from = after
    }
    this.pending = bytes.subarray(from)
    this.worthReadingBytes = this.pending.includes(LF) ? Math.min(this.pending.length * 2, recordBytesMax + 1) : 0
  }

  /** Whether reading may begin: the mark may come in pieces. */
  private dropByteOrderMark(isEnd: boolean): boolean {
    const head = this.pending.subarray(0, byteOrderMark.length)
    if (!isEnd && head.length < byteOrderMark.length && head.equals(byteOrderMark.subarray(0, head.length)))
      return false
    if (head.equals(byteOrderMark)) this.pending = this.pending.subarray(byteOrderMark.length)
    this.isAtStart = false
    return true
  }

  /** Counts a line off and returns where the next one begins. */
  private next(lineEnd: number): number {
    this.line++
    this.isSkipping = false
    return lineEnd + 1
  }

  private readPlainRow(bytes: Buffer, from: number, lineEnd: number, areAllUtf8: boolean): void {
    const end = textEnd(bytes, from, lineEnd)
    if (end === from) return
    if (!areAllUtf8 && !isUtf8(bytes.subarray(from, end))) return this.refuse(bytes, from, end, notUtf8)
    this.keep(bytes.toString('utf8', from, end).split(','))
  }

  /** Reads a row that has a quote in its first line; returns where the next begins, or undefined if more is needed. */
  private readQuotedRow(
    bytes: Buffer,
    from: number,
    lineEnd: number,
    areAllUtf8: boolean,
    isEnd: boolean,
  ): number | undefined {
    const limit = Math.min(bytes.length, from + recordBytesMax + 1)
    const rowEnd = findRowEnd(bytes, from, limit)
    const isMoreToCome = !isEnd && limit === bytes.length
    if (rowEnd === INCOMPLETE && isMoreToCome) return undefined
    if (rowEnd < 0) return this.refuseLine(bytes, from, lineEnd)
    const end = textEnd(bytes, from, rowEnd)
    const isOverLines = rowEnd > lineEnd
    if (!areAllUtf8 && !isUtf8(bytes.subarray(from, end))) {
      if (isOverLines) return this.refuseLine(bytes, from, lineEnd)
      this.refuse(bytes, from, end, notUtf8)
      return this.next(rowEnd)
    }
    const cells = splitQuotedRow(bytes.toString('utf8', from, end))
    if (isOverLines && this.width !== undefined && cells.length !== this.width) {
      return this.refuseLine(bytes, from, lineEnd)
    }
    this.keep(cells)
    if (isOverLines) this.line += countLines(bytes, from, rowEnd)
    return this.next(rowEnd)
  }

  /** Refuses one line for its quote, so that the lines it would have swallowed are read as rows. */
  private refuseLine(bytes: Buffer, from: number, lineEnd: number): number {
    const end = textEnd(bytes, from, lineEnd)
    this.refuse(bytes, from, end, isUtf8(bytes.subarray(from, end)) ? strayQuote : notUtf8)
    return this.next(lineEnd)
  }

  private keep(cells: string[]): void {
    this.width ??= cells.length
    this.entries.push({ kind: 'row', line: this.line, cells })
  }

  private refuse(bytes: Buffer, from: number, end: number, reason: string): void {
    const sample = bytes.toString('utf8', from, Math.min(end, from + sampleBytesMax))
    this.entries.push({ kind: 'refusal', line: this.line, reason, sample })
  }
}

/** Where the text of a line ends that ends with LF or CRLF. */
function textEnd(bytes: Buffer, from: number, lineEnd: number): number {
  return lineEnd > from && bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd
}

function indexOf(bytes: Buffer, byte: number, from: number): number {
  const at = bytes.indexOf(byte, from)
  return at === -1 ? bytes.length : at
}

function countLines(bytes: Buffer, from: number, to: number): number {
  let lines = 0
  for (let at = bytes.indexOf(LF, from); at !== -1 && at < to; at = bytes.indexOf(LF, at + 1)) lines++
  return lines
}
