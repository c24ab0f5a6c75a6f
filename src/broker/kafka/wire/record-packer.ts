import type { PackedRecords } from '../../../model/packed-records.ts'
import { MalformedBytes } from './byte-reader.ts'
import type { RecordBatch } from './record-batches.ts'

/*
  Record => length attributes timestamp_delta offset_delta key_length key value_length value headers_count [headers]
    length => VARINT            the bytes that follow
    attributes => INT8
    timestamp_delta => VARLONG
    offset_delta => VARINT
    key_length => VARINT        -1 is null
    value_length => VARINT      -1 is null
    headers_count => VARINT
    headers => key_length VARINT, key, value_length VARINT, value
*/

/** The most records that are handed over at once: their four arrays take 36 bytes a record. */
export const packedRecordsMax = 16_384

/** Records without an object each, in arrays that are used again. */
export class RecordPacker implements PackedRecords {
  length = 0
  bytes: Uint8Array = new Uint8Array(0)
  readonly offsets = new Float64Array(packedRecordsMax)
  readonly timestamps = new Float64Array(packedRecordsMax)
  readonly spans = new Int32Array(4 * packedRecordsMax)
  /** By record, where its headers begin (their count) and the record ends. */
  readonly headerSpans = new Int32Array(2 * packedRecordsMax)

  /** Empties it for records that lie in `bytes`. */
  begin(bytes: Uint8Array): void {
    this.length = 0
    this.bytes = bytes
  }

  get isFull(): boolean {
    return this.length === packedRecordsMax
  }

  /**
   * Adds a batch's records with offsets in [from, to), as many as there is room for.
   *
   * @param walk where it stands among the records in `bytes`; moved on
   * @throws MalformedBytes where the records do not fill their batch exactly
   */
  add(batch: RecordBatch, walk: RecordWalk, from: number, to: number): void {
    const { bytes, offsets, timestamps, spans, headerSpans } = this
    const { baseOffset, baseTimestamp, maxTimestamp } = batch
    const lastDelta = batch.lastOffset - baseOffset
    const { end } = walk
    let { at, left, delta: lastSeen } = walk
    let { length } = this
    while (left > 0 && length < packedRecordsMax) {
      const recordLength = varint(bytes, at)
      const recordEnd = after + recordLength
      if (recordLength < 0 || recordEnd > end) throw new MalformedBytes('a record is longer than its batch')
      const timestampDelta = varlong(bytes, after + 1)
      const delta = varint(bytes, after)
      const keyLength = varint(bytes, after)
      const keyAt = after
      const keyEnd = keyLength > 0 ? keyAt + keyLength : keyAt
      if (keyLength < -1 || keyEnd > recordEnd) throw new MalformedBytes('a key is longer than its record')
      const valueLength = varint(bytes, keyEnd)
      const valueAt = after
      const valueEnd = valueLength > 0 ? valueAt + valueLength : valueAt
      // There is at least the count of the headers behind the value.
      if (valueLength < -1 || valueEnd >= recordEnd) throw new MalformedBytes('a value is longer than its record')
      if (delta <= lastSeen || delta > lastDelta) throw new MalformedBytes('the offsets of its records do not rise')
      lastSeen = delta
      at = recordEnd
      left--
      const offset = baseOffset + delta
      if (offset < from || offset >= to) continue
      offsets[length] = offset
      timestamps[length] = baseTimestamp === undefined ? maxTimestamp : baseTimestamp + timestampDelta
      const span = length * 4
      spans[span] = keyLength < 0 ? -1 : keyAt
      spans[span + 1] = keyLength < 0 ? -1 : keyEnd
      spans[span + 2] = valueLength < 0 ? -1 : valueAt
      spans[span + 3] = valueLength < 0 ? -1 : valueEnd
      headerSpans[length * 2] = valueEnd
      headerSpans[length * 2 + 1] = recordEnd
      length++
    }
    if (left === 0 && at !== end) throw new MalformedBytes('there are bytes behind its last record')
    walk.at = at
    walk.left = left
    walk.delta = lastSeen
    this.length = length
  }
}

/** A way through the records of one batch. */
export interface RecordWalk {
  at: number
  readonly end: number
  /** Records to come. */
  left: number
  /** The offset delta of the last record; -1 before the first. */
  delta: number
}

/** Where the number that was read last ends: one result more than a function can return without an object. */
let after = 0

function varint(bytes: Uint8Array, at: number): number {
  let byte = bytes[at] ?? 0
  if (byte < 128) {
    after = at + 1
    return (byte >>> 1) ^ -(byte & 1)
  }
  let value = byte & 127
  let shift = 7
  let next = at + 1
  do {
    byte = bytes[next++] ?? 0
    value |= (byte & 127) << shift
    shift += 7
  } while (byte >= 128 && shift < 35)
  if (byte >= 128) throw new MalformedBytes('a variable-length number has no end')
  after = next
  return (value >>> 1) ^ -(value & 1)
}

/** As `varint`, up to 64 bits: exact to 2^53, which no time reaches. */
function varlong(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0
  if (first < 128) {
    after = at + 1
    return (first >>> 1) ^ -(first & 1)
  }
  let value = first & 127
  let scale = 128
  for (let next = at + 1; next < at + 10; next++) {
    const byte = bytes[next] ?? 0
    value += (byte & 127) * scale
    scale *= 128
    if (byte < 128) {
      after = next + 1
      return first % 2 === 0 ? value / 2 : -(value + 1) / 2
    }
  }
  throw new MalformedBytes('a variable-length number has no end')
}
