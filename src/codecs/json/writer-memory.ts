import { readFileSync } from 'node:fs'
import { leadingBitsAbovePower } from './powers.ts'

const pageBytes = 65_536
const pagesAtFirst = 16
const pagesMax = 8_192

/** What `assembly/write-records.ts` exports. */
interface WriterModule {
  setColumns(names: number, columns: number, keys: number, keyColumns: number): void
  writeRecords(rows: number, count: number, tail: number, tailBytes: number, start: number, spans: number): number
  readonly [address: Uppercase<string>]: { readonly value: number }
}

export interface RecordShape {
  /** The columns, in the order of the value's members. */
  readonly columns: readonly string[]
  /** Those of them that make the key. */
  readonly key: readonly string[]
}

let compiled: WebAssembly.Module | undefined
let powers: Uint8Array | undefined

/** The memory of a record writer, and the code at work on it. */
export class WriterMemory {
  bytes: Uint8Array
  words: Uint32Array
  doubles: Float64Array
  /** Where the rows are put, and where in `words` the spans are found. */
  readonly rows: number
  readonly spans: number
  /** From here on it is free for texts and records. */
  readonly free: number
  /** In `words`, the upper half of a cell that is a text, and of one that is not there. */
  readonly textMark: number
  readonly nothingMark: number
  /** What is written may touch so many bytes behind its end. */
  readonly margin: number
  private readonly memory: WebAssembly.Memory
  private readonly module: WriterModule

  constructor({ columns, key }: RecordShape, rowsMax: number) {
    this.memory = new WebAssembly.Memory({ initial: pagesAtFirst, maximum: pagesMax })
    this.bytes = new Uint8Array(this.memory.buffer)
    this.words = new Uint32Array(this.memory.buffer)
    this.doubles = new Float64Array(this.memory.buffer)
    compiled ??= new WebAssembly.Module(readFileSync(new URL('record-writer.wasm', import.meta.url)))
    const { exports } = new WebAssembly.Instance(compiled, { env: { memory: this.memory } })
    if (!isWriterModule(exports)) throw new TypeError('record-writer.wasm is not the record writer')
    this.module = exports
    this.textMark = valueOf(exports.TEXT) >>> 0
    this.nothingMark = valueOf(exports.NOTHING) >>> 0
    this.margin = valueOf(exports.MARGIN)
    powers ??= powerTable(valueOf(exports.POWER_LEAST), valueOf(exports.POWER_MOST))
    this.bytes.set(powers, valueOf(exports.POWERS))

    const names = valueOf(exports.FREE)
    const keys = names + 8 * columns.length
    let end = keys + 4 * key.length
    const nameBytes = columns.reduce((sum, column) => sum + memberStart(column).length, 0)
    this.reserve(end + nameBytes + rowsMax * (8 * (columns.length + 1) + 16) + pageBytes)
    columns.forEach((column, i) => {
      const start = memberStart(column)
      this.words.set([end, start.length], names / 4 + 2 * i)
      this.bytes.set(Buffer.from(start, 'latin1'), end)
      end += start.length
    })
    this.words.set(
      key.map((column) => columns.indexOf(column)),
      keys / 4,
    )
    this.module.setColumns(names, columns.length, keys, key.length)
    this.rows = aligned(end + this.margin)
    this.spans = this.rows + 8 * (columns.length + 1) * rowsMax
    this.free = this.spans + 16 * rowsMax
  }

  /** Makes the memory at least so large; its views are others afterwards. */
  reserve(bytes: number): void {
    const missing = bytes - this.bytes.length
    if (missing <= 0) return
    this.memory.grow(Math.ceil(missing / pageBytes))
    this.bytes = new Uint8Array(this.memory.buffer)
    this.words = new Uint32Array(this.memory.buffer)
    this.doubles = new Float64Array(this.memory.buffer)
  }

  /** Writes the rows from `start` on, and returns the end. */
  write(rows: number, tail: number, tailBytes: number, start: number): number {
    return this.module.writeRecords(this.rows, rows, tail, tailBytes, start, this.spans)
  }
}

/** A member's name as it is written before its value: JSON in ASCII. */
export function memberStart(column: string): string {
  return toAscii(`${JSON.stringify(column)}:`)
}

/** JSON text in ASCII. */
export function toAscii(json: string): string {
  return json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** A place for doubles, at or behind this one. */
export function aligned(at: number): number {
  return Math.ceil(at / 8) * 8
}

function powerTable(least: number, most: number): Uint8Array {
  const table = new DataView(new ArrayBuffer(16 * (most - least + 1)))
  for (let power = least; power <= most; power++) {
    const bits = leadingBitsAbovePower(power)
    const at = 16 * (power - least)
    table.setBigUint64(at, BigInt.asUintN(64, bits), true)
    table.setBigUint64(at + 8, bits >> 64n, true)
  }
  return new Uint8Array(table.buffer)
}

function valueOf(address: { readonly value: number } | undefined): number {
  if (address === undefined) throw new TypeError('record-writer.wasm lacks an address')
  return address.value
}

function isWriterModule(exports: object): exports is WriterModule {
  return 'writeRecords' in exports && 'POWERS' in exports
}
