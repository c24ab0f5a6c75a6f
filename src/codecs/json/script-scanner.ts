import { isUtf8 } from 'node:buffer'
import { NumberColumn } from '../../model/column.ts'
import { absent } from '../../model/frame.ts'
import type { PackedRecords, RecordMemory } from '../../model/packed-records.ts'
import type { Fields } from '../../model/schema.ts'
import { Misfit, readMember } from '../../model/value.ts'
import type { DecoderOptions } from '../codec.ts'
import * as json from './json-grammar.ts'
import { Projection } from './projection.ts'
import type { Scanner } from './scanner.ts'
import { DONE, FULL, NO_ROWS, NOTHING, rowsMax, type Stop, UNSURE } from './verdicts.ts'

/** What verdicts are remembered at most, over all columns. */
const verdictsMax = 131_072
/** Longer raw values are judged anew each time. */
const rememberedBytesMax = 1_024

/** A key as it is written, with its verdict. */
interface KnownKey {
  readonly raw: Uint8Array
  readonly read: number
}

/** The scanner in JavaScript, for a Node without SIMD in WebAssembly. */
export class ScriptScanner<F extends Fields> implements Scanner<F> {
  readonly projection: Projection<F>
  readonly memory: RecordMemory = { take: () => undefined, giveBack: () => {} }
  record = 0
  private readonly isEarly: boolean
  private records: PackedRecords | undefined
  private bytes: Buffer = Buffer.alloc(0)
  /** By place, the keys that the record before had. */
  private expected: (KnownKey | undefined)[] = []
  /** By the hash of their bytes. */
  private readonly keys = new Map<number, KnownKey[]>()
  /** By column, the verdict over each raw value. */
  private readonly verdicts: readonly Map<string, number>[]
  private verdictCount = 0
  /** Why the record that is being taken is not. */
  private fault: typeof UNSURE | typeof FULL = UNSURE

  constructor({ schema, reads, mode }: DecoderOptions<F>) {
    this.projection = new Projection(schema, reads)
    this.isEarly = mode === 'early-stop'
    this.verdicts = this.projection.reads.map(() => new Map())
  }

  load(records: PackedRecords): number {
    const { bytes } = records
    this.records = records
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return records.length
  }

  scan(from: number, to: number): Stop {
    const { frame } = this.projection
    const { spans, offsets } = this.records ?? { spans: [], offsets: [] }
    for (this.record = from; this.record < to; this.record++) {
      const start = spans[4 * this.record + 2] ?? -1
      if (start < 0) return UNSURE
      const first = frame.length
      const stop = this.takeMessage(start, spans[4 * this.record + 3] ?? 0)
      if (stop !== DONE) {
        frame.length = first
        return stop === NO_ROWS && first === 0 ? UNSURE : stop
      }
      frame.positions.fill(offsets[this.record] ?? -1, first, frame.length)
    }
    return DONE
  }

  startAnew(): void {
    this.keys.clear()
    this.expected = []
    for (const verdicts of this.verdicts) verdicts.clear()
    this.verdictCount = 0
  }

  private takeMessage(start: number, end: number): Stop {
    const { bytes } = this
    const { frame } = this.projection
    let p = json.spaceEnd(bytes, start, end)
    if (p >= end) return UNSURE
    if (bytes[p] === json.OPEN_BRACE) {
      if (frame.length === rowsMax) return NO_ROWS
      p = this.takeRecord(p, end, this.isEarly)
      if (p < 0) return this.fault
    } else if (bytes[p] === json.OPEN_BRACKET) {
      p = json.spaceEnd(bytes, p + 1, end)
      if (p < end && bytes[p] === json.CLOSE_BRACKET) p++
      else {
        for (;;) {
          if (p >= end || bytes[p] !== json.OPEN_BRACE) return UNSURE
          if (frame.length === rowsMax) return NO_ROWS
          p = this.takeRecord(p, end, false)
          if (p < 0) return this.fault
          p = json.spaceEnd(bytes, p, end)
          const behind = p < end ? bytes[p++] : undefined
          if (behind === json.CLOSE_BRACKET) break
          if (behind !== json.COMMA) return UNSURE
          p = json.spaceEnd(bytes, p, end)
        }
      }
    } else return UNSURE
    return json.spaceEnd(bytes, p, end) === end ? DONE : UNSURE
  }

  /** Past the record at `p`, which is the frame's last row now; -1 when it is not taken. */
  private takeRecord(p: number, end: number, isEnough: boolean): number {
    const { frame, columns } = this.projection
    this.fault = UNSURE
    for (const column of columns) column.set(frame.length, absent)
    const next = this.walkRecord(p, end, isEnough)
    if (next < 0) return -1
    const isComplete = columns.every(({ field, cells: { states } }) => !field.required || states[frame.length] === 0)
    if (!isComplete || frame.reasonAgainstRow(frame.length) !== undefined) return -1
    frame.length++
    return next
  }

  /** Past the record at `p`, or `end` when the last column is read and that is enough; -1 when there is a fault. */
  private walkRecord(record: number, end: number, isEnough: boolean): number {
    const { bytes } = this
    let p = json.spaceEnd(bytes, record + 1, end)
    if (p < end && bytes[p] === json.CLOSE_BRACE) return p + 1
    let seen = 0
    for (let member = 0; p < end; member++) {
      if (bytes[p] !== json.QUOTE) return -1
      const keyEnd = this.keyEnd(member, p, end)
      if (keyEnd < 0) return -1
      const read = this.expected[member]?.read ?? UNSURE
      p = json.spaceEnd(bytes, keyEnd, end)
      if (p >= end || bytes[p] !== json.COLON) return -1
      p = json.spaceEnd(bytes, p + 1, end)
      const next = json.valueEnd(bytes, p, end)
      if (next < 0) return -1
      if (read >= 0) {
        if (!this.takeValue(read, p, next)) return -1
        if (++seen === this.projection.reads.length && isEnough) return this.isUtf8(record, next) ? end : -1
      }
      p = json.spaceEnd(bytes, next, end)
      const c = p < end ? bytes[p++] : undefined
      if (c === json.CLOSE_BRACE) return this.isUtf8(record, p) ? p : -1
      if (c !== json.COMMA) return -1
      p = json.spaceEnd(bytes, p, end)
    }
    return -1
  }

  private isUtf8(from: number, to: number): boolean {
    return isUtf8(this.bytes.subarray(from, to))
  }

  /** Past the key at `p`, which is the one expected as a record's `member`th after this; -1 when it cannot be told. */
  private keyEnd(member: number, p: number, end: number): number {
    const expected = this.expected[member]
    if (expected !== undefined && isAt(this.bytes, p, end, expected.raw)) return p + expected.raw.length
    const next = json.stringEnd(this.bytes, p, end)
    const key = next < 0 ? undefined : this.findKey(p, next)
    if (key === undefined) return -1
    this.expected[member] = key
    return next
  }

  private findKey(p: number, end: number): KnownKey | undefined {
    const { bytes, keys } = this
    let hash = end - p
    for (let i = p; i < end; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193)
    const alike = keys.get(hash) ?? []
    const known = alike.find(({ raw }) => raw.length === end - p && isAt(bytes, p, end, raw))
    if (known !== undefined) return known
    if (!this.isUtf8(p, end)) return undefined
    const read = this.projection.judgeKey(bytes.toString('utf8', p, end))
    if (read < NOTHING) return undefined
    const key: KnownKey = { raw: Uint8Array.from(bytes.subarray(p, end)), read }
    keys.set(hash, [...alike, key])
    return key
  }

  private takeValue(read: number, p: number, end: number): boolean {
    const { columns, frame } = this.projection
    const column = columns[read]
    if (column === undefined || column.cells.states[frame.length] !== 2) return false
    const raw = this.bytes.toString('latin1', p, end)
    if (column instanceof NumberColumn && column.field.type !== 'hhmm') {
      const value = readMember(column.field, JSON.parse(raw))
      if (value instanceof Misfit) return false
      column.set(frame.length, value)
      return true
    }
    const verdict = this.verdictOf(read, raw, p, end)
    if (verdict < NOTHING) {
      this.fault = verdict === FULL ? FULL : UNSURE
      return false
    }
    if (verdict === NOTHING) column.set(frame.length, null)
    else if (column instanceof NumberColumn) column.set(frame.length, verdict)
    else column.setCode(frame.length, verdict)
    return true
  }

  private verdictOf(read: number, raw: string, p: number, end: number): number {
    const verdicts = this.verdicts[read]
    const known = verdicts?.get(raw)
    if (known !== undefined) return known
    if (this.verdictCount >= verdictsMax) return FULL
    if (!this.isUtf8(p, end)) return UNSURE
    const verdict = this.projection.judgeValue(read, this.bytes.toString('utf8', p, end))
    if (verdict < NOTHING || raw.length > rememberedBytesMax) return verdict
    verdicts?.set(raw, verdict)
    this.verdictCount++
    return verdict
  }
}

function isAt(bytes: Uint8Array, p: number, end: number, expected: Uint8Array): boolean {
  if (p + expected.length > end) return false
  for (let i = 0; i < expected.length; i++) if (bytes[p + i] !== expected[i]) return false
  return true
}
