import type { PackedOutgoing } from '../../model/packed-records.ts'
import { aligned, memberStart, type RecordShape, toAscii, WriterMemory } from './writer-memory.ts'

/** A row by the names of its columns. One that is left out is no member of the value, and `null` in the key. */
export type CellsByName = Readonly<Record<string, string | number>>

const rowsMax = 1_024
/** Texts beyond which rows are written before others come. */
const textsBytesMax = 65_536
/** Long texts may need more memory, which is given up again. */
const keptBytesMax = 8_388_608
/** The longest number is -1.2345678901234567e-300. */
const numberBytesMax = 25

const QUOTE = 0x22
const BACKSLASH = 0x5c
const encoder = new TextEncoder()

/**
 * Writes rows as records of JSON, many at a time and without an object for any: the key is an array of the key's columns, the
 * value an object of all columns; numbers and texts are as `JSON.stringify` has them. The records are handed over packed, in
 * memory that is written again afterwards.
 */
export class RecordWriter {
  private readonly shape: RecordShape
  private readonly deliver: (records: PackedOutgoing) => void
  /** What a record takes at most beside its texts and the tail. */
  private readonly recordBytesMax: number
  private memory: WriterMemory
  /** What every value ends with, and how many bytes of it lie where texts begin. */
  private tail = ''
  private readonly partitions = new Uint32Array(rowsMax)
  private rows = 0
  /** Among the doubles the place of the next cell, and among the bytes that of the next text. */
  private cell = 0
  private text = 0

  /** @param deliver takes records that have been written; they are valid until it returns */
  constructor(shape: RecordShape, deliver: (records: PackedOutgoing) => void) {
    this.shape = shape
    this.deliver = deliver
    const { columns, key } = shape
    const names = columns.reduce((sum, column) => sum + memberStart(column).length + 1, 0)
    this.recordBytesMax = names + (columns.length + 1) * numberBytesMax + key.length * (numberBytesMax + 1) + 6
    this.memory = new WriterMemory(shape, rowsMax)
    this.begin()
  }

  /**
   * What every value written from now on ends with, before the number that comes with the row and `}}`.
   *
   * @param tail the JSON between the last column and that number
   */
  endValuesWith(tail: string): void {
    this.flush()
    this.tail = toAscii(tail)
    this.begin()
  }

  /**
   * Takes a row, which is handed over by the next `flush` at the latest.
   *
   * @param last the number at the end of its value
   */
  put(row: CellsByName, last: number, partition: number): void {
    const { columns } = this.shape
    for (let i = 0; i < columns.length; i++) {
      const cell = row[columns[i] ?? '']
      if (typeof cell === 'number') this.putNumber(cell)
      else if (cell === undefined) this.memory.words[2 * this.cell++ + 1] = this.memory.nothingMark
      else this.putText(cell)
    }
    this.putNumber(last)
    this.partitions[this.rows++] = partition
    if (this.rows === rowsMax || this.text > this.memory.free + textsBytesMax) this.flush()
  }

  /** Hands over what has been put. */
  flush(): void {
    const { rows, memory, tail } = this
    if (rows === 0) return
    const start = aligned(this.text)
    // A text may be in the key as well as in the value.
    const textsMax = 2 * (this.text - memory.free)
    memory.reserve(start + rows * (this.recordBytesMax + tail.length) + textsMax + memory.margin)
    const end = memory.write(rows, memory.free, tail.length, start)
    const bytes = memory.bytes.subarray(start, end)
    const spans = memory.words.subarray(memory.spans / 4, memory.spans / 4 + 4 * rows)
    this.deliver({ length: rows, bytes, spans, partitions: this.partitions })
    if (memory.bytes.length > keptBytesMax) this.memory = new WriterMemory(this.shape, rowsMax)
    this.begin()
  }

  private begin(): void {
    const { memory, tail } = this
    this.rows = 0
    this.cell = memory.rows / 8
    memory.reserve(memory.free + tail.length + memory.margin)
    for (let i = 0; i < tail.length; i++) memory.bytes[memory.free + i] = tail.charCodeAt(i)
    this.text = aligned(memory.free + tail.length)
  }

  private putNumber(value: number): void {
    // Of the many NaNs only this one is surely no mark.
    this.memory.doubles[this.cell++] = value === value ? value : NaN
  }

  /** Behind its length. */
  private putText(value: string): void {
    const { text, memory } = this
    memory.reserve(text + 6 * value.length + 6 + memory.margin)
    const written = writeText(memory.bytes, text + 4, value)
    memory.words[text / 4] = written
    memory.words[2 * this.cell] = text
    memory.words[2 * this.cell + 1] = memory.textMark
    this.cell++
    this.text = (text + written + 7) & -4
  }
}

/** A text with its quotes as JSON, and how many bytes that took. */
function writeText(bytes: Uint8Array, start: number, value: string): number {
  let at = start
  bytes[at++] = QUOTE
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) {
      return encoder.encodeInto(JSON.stringify(value), bytes.subarray(start)).written
    }
    bytes[at++] = code
  }
  bytes[at++] = QUOTE
  return at - start
}
