import { readFileSync } from 'node:fs'
import type { ColumnArrays } from '../../model/column.ts'
import type { PackedRecords, RecordMemory } from '../../model/packed-records.ts'
import type { Field, Fields, FieldType } from '../../model/schema.ts'
import type { DecoderOptions } from '../codec.ts'
import { MemoryPool } from './memory-pool.ts'
import { leadingBitsOfPower } from './powers.ts'
import { Projection } from './projection.ts'
import type { Scanner } from './scanner.ts'
import { DONE, FULL, NO_ROWS, type Stop, UNSURE } from './verdicts.ts'

/** All memory of one decoder, only reserved until it is touched: it never grows, so no view of it is ever lost. */
const memoryBytes = 192 * 1_048_576
const pageBytes = 65_536

/** What `assembly/scan.ts` exports. */
interface ScannerModule {
  scan(from: number, to: number, base: number, rowsBefore: number, isEarly: boolean): number
  setReads(count: number, checkedCount: number): void
  setPositions(address: number): void
  forgetVerdicts(): void
  forgetPassed(): void
  readonly record: { readonly value: number }
  readonly rows: { readonly value: number }
  readonly [address: Uppercase<string>]: { readonly value: number }
}

let compiled: WebAssembly.Module | 'not supported' | undefined

/** The scanner's code; undefined where this machine or this Node has no SIMD in WebAssembly. */
export function compileScanner(): WebAssembly.Module | undefined {
  compiled ??= compile()
  return compiled === 'not supported' ? undefined : compiled
}

function compile(): WebAssembly.Module | 'not supported' {
  const bytes = readFileSync(new URL('scanner.wasm', import.meta.url))
  try {
    return new WebAssembly.Module(bytes)
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) return 'not supported'
    throw error
  }
}

/** In `assembly/layout.ts`: TEXT, HHMM, NUMBER, INTEGER. */
const typeCodes: Record<FieldType, number> = { text: 0, date: 0, hhmm: 1, number: 2, integer: 3 }

/** SIMD in WebAssembly. Records that lie in its memory are read where they are. */
export class WasmScanner<F extends Fields> implements Scanner<F> {
  readonly projection: Projection<F>
  readonly memory: RecordMemory
  record = 0
  private readonly module: ScannerModule
  private readonly bytes: Buffer
  private readonly spans: Int32Array
  private readonly offsets: Float64Array
  private readonly chunk: number
  private readonly chunkBytes: number
  private readonly isEarly: boolean
  /** The first record that is loaded, and where the bytes of the loaded ones begin. */
  private first = 0
  private base = 0

  constructor(code: WebAssembly.Module, { schema, reads, mode }: DecoderOptions<F>) {
    const pages = memoryBytes / pageBytes
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
    this.bytes = Buffer.from(memory.buffer)
    this.module = this.instantiate(code, memory)
    const { SPANS, OFFSETS, ROWS_MAX, CHUNK, CHUNK_BYTES, FREE } = this.module
    const rows = valueOf(ROWS_MAX)
    this.spans = new Int32Array(memory.buffer, valueOf(SPANS), 4 * rows)
    this.offsets = new Float64Array(memory.buffer, valueOf(OFFSETS), rows)
    this.chunk = valueOf(CHUNK)
    this.chunkBytes = valueOf(CHUNK_BYTES)
    this.isEarly = mode === 'early-stop'
    const arrays = new ArraysInMemory(memory.buffer, valueOf(FREE))
    this.projection = new Projection(schema, reads, arrays)
    this.memory = new MemoryPool(memory.buffer, arrays.end, memoryBytes - pageBytes)
    this.writeTables(new DataView(memory.buffer))
    this.writeReads(new DataView(memory.buffer))
  }

  load({ bytes, offsets, spans, length }: PackedRecords, from: number): number {
    const isInPlace = bytes.buffer === this.bytes.buffer
    const limit = Math.min(length, from + this.offsets.length)
    const to = isInPlace ? limit : this.copy(bytes, spans, from, limit)
    if (isInPlace) this.base = bytes.byteOffset
    this.first = from
    this.spans.set(spans.subarray(4 * from, 4 * to))
    this.offsets.set(offsets.subarray(from, to))
    if (to === from) {
      this.spans.fill(-1, 0, 4)
      return from + 1
    }
    return to
  }

  scan(from: number, to: number): Stop {
    const { module, first, projection } = this
    const stop = module.scan(from - first, to - first, this.base, projection.frame.length, this.isEarly)
    this.record = first + module.record.value
    projection.frame.length = module.rows.value
    return stop === DONE || stop === NO_ROWS || stop === FULL ? stop : UNSURE
  }

  startAnew(): void {
    this.module.forgetVerdicts()
    this.module.forgetPassed()
  }

  /** Copies the bytes of as many records as there is room for, in one piece, and returns the one before which it ended. */
  private copy(bytes: Uint8Array, spans: Int32Array, from: number, limit: number): number {
    let low = Infinity
    let high = 0
    let to = from
    for (; to < limit; to++) {
      const valueFrom = spans[4 * to + 2] ?? -1
      if (valueFrom < 0) continue
      const lowest = Math.min(low, valueFrom)
      const highest = Math.max(high, spans[4 * to + 3] ?? 0)
      if (highest - lowest > this.chunkBytes) break
      low = lowest
      high = highest
    }
    if (low < high) {
      this.bytes.set(bytes.subarray(low, high), this.chunk)
      this.base = this.chunk - low
    }
    return to
  }

  private instantiate(code: WebAssembly.Module, memory: WebAssembly.Memory): ScannerModule {
    const textBetween = (from: number, to: number): string => this.bytes.toString('utf8', from, to)
    const judge = (what: number, from: number, to: number): number => {
      const raw = textBetween(from, to)
      return what === key ? this.projection.judgeKey(raw) : this.projection.judgeValue(what, raw)
    }
    const { exports } = new WebAssembly.Instance(code, {
      env: { memory },
      memo: { judge },
      number: { numberAt: (from: number, to: number) => Number(textBetween(from, to)) },
      row: { passes: (row: number) => this.projection.frame.reasonAgainstRow(row) === undefined },
    })
    if (!isScannerModule(exports)) throw new TypeError('scanner.wasm is not the scanner')
    const key = valueOf(exports.KEY)
    return exports
  }

  private writeTables(view: DataView): void {
    const { MASKS, TENS, POWERS, POWER_MAX } = this.module
    this.bytes.fill(0xff, valueOf(MASKS), valueOf(MASKS) + 16)
    for (let power = 0; power <= 22; power++) view.setFloat64(valueOf(TENS) + 8 * power, 10 ** power, true)
    const most = valueOf(POWER_MAX)
    for (let power = -most; power <= most; power++) {
      const bits = leadingBitsOfPower(power)
      const at = valueOf(POWERS) + 16 * (power + most)
      view.setBigUint64(at, BigInt.asUintN(64, bits), true)
      view.setBigUint64(at + 8, bits >> 64n, true)
    }
  }

  private writeReads(view: DataView): void {
    const { READS, READ_BYTES, CHECKED } = this.module
    const { columns, checked, frame } = this.projection
    columns.forEach(({ field, cells }, index) => {
      const at = valueOf(READS) + index * valueOf(READ_BYTES)
      const values = cells.kind === 'text' ? cells.codes : cells.values
      view.setUint8(at, typeCodes[field.type])
      view.setUint8(at + 1, field.required ? 1 : 0)
      view.setUint32(at + 4, cells.states.byteOffset, true)
      view.setUint32(at + 8, values.byteOffset, true)
      writeRange(view, at + 16, field)
    })
    checked?.forEach((index, i) => view.setUint32(valueOf(CHECKED) + 4 * i, index, true))
    this.module.setReads(columns.length, checked?.length ?? -1)
    this.module.setPositions(frame.positions.byteOffset)
  }
}

/** How many columns the scanner can read at once. */
export const wasmReadsMax = 256

function writeRange(view: DataView, at: number, { min, max }: Field): void {
  view.setFloat64(at, Math.max(min ?? -Infinity, -Number.MAX_VALUE), true)
  view.setFloat64(at + 8, Math.min(max ?? Infinity, Number.MAX_VALUE), true)
}

function valueOf(address: { readonly value: number } | undefined): number {
  if (address === undefined) throw new TypeError('scanner.wasm lacks an address')
  return address.value
}

function isScannerModule(exports: object): exports is ScannerModule {
  return 'scan' in exports && 'KEY' in exports
}

/** A frame's arrays, one behind the other in the scanner's memory. */
class ArraysInMemory implements ColumnArrays {
  end: number
  private readonly buffer: ArrayBuffer

  constructor(buffer: ArrayBuffer, from: number) {
    this.buffer = buffer
    this.end = from
  }

  bytes(length: number): Uint8Array {
    return new Uint8Array(this.buffer, this.next(length), length)
  }

  codes(length: number): Uint32Array {
    return new Uint32Array(this.buffer, this.next(4 * length), length)
  }

  doubles(length: number): Float64Array {
    return new Float64Array(this.buffer, this.next(8 * length), length)
  }

  private next(bytes: number): number {
    const at = this.end
    this.end += Math.ceil(bytes / 64) * 64
    return at
  }
}
