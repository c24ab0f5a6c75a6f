import { crc32c } from '@node-rs/crc32'
import { compressionsAlgorithms } from '@platformatic/kafka'
import { publishBatchBytesMax } from '../../../foundation/limits.ts'
import type { PackedOutgoing } from '../../../model/packed-records.ts'
import type { OutgoingRecord } from '../../broker.ts'
import type { Compression } from '../client-settings.ts'
import type { BatchMemory } from './batch-memory.ts'

/*
 * Record batch, version 2, all numbers big-endian:
 *
 *    0 base offset (8)   8 length from here on (4)   12 leader epoch (4)   16 magic 2 (1)   17 CRC-32C from 21 on (4)
 *   21 attributes (2)   23 last offset delta (4)     27 base timestamp (8) 35 greatest timestamp (8)
 *   43 producer id (8)  51 producer epoch (2)        53 base sequence (4)  57 number of records (4)   61 records
 *
 * Record, its lengths as zigzag varints: length, attributes (1), timestamp delta, offset delta, key length and key, value
 * length (-1 for null) and value, number of headers, each with two lengths and two texts.
 */
const headBytes = 61
const transactionalBit = 0x10

/** Who numbers a batch, so that the broker knows it when it comes again. */
export interface BatchNumbers {
  readonly producerId: bigint
  readonly epoch: number
  /** Of the batch's first record in its partition. */
  readonly sequence: number
}

/** The records of one partition on their way into one request, encoded as they are put in, without an object each. */
export class RecordBatch {
  /** The records so far. */
  count = 0
  private readonly memory: BatchMemory
  private bytes: Buffer
  private view: DataView
  private end = headBytes
  private isSealed = false
  /** The records as they are sent, once they are compressed. */
  private compressed: Buffer | undefined

  constructor(memory: BatchMemory) {
    this.memory = memory
    this.bytes = memory.take(headBytes)
    this.view = viewOf(this.bytes)
  }

  /** The encoded records so far and the head. */
  get length(): number {
    return this.end
  }

  /** Encodes a record behind the others; false when the batch is sealed or full, which one that is empty never is. */
  put(record: OutgoingRecord): boolean {
    if (this.isSealed) return false
    // Lengths come before what they measure. Almost every text is ASCII, which has as many bytes as characters; what is
    // not is found by the bytes that were written, and measured.
    const outcome = this.encode(record, lengthAsAscii)
    return (outcome === 'not-ascii' ? this.encode(record, byteLength) : outcome) === 'done'
  }

  /**
   * Encodes packed records from one on behind the others, as many as have room and go to that one's partition; of those, the
   * batch takes at least one if it is empty.
   *
   * @returns how many
   */
  putPacked({ length, bytes: source, spans, partitions }: PackedOutgoing, from: number): number {
    if (this.isSealed) return 0
    const partition = partitions[from]
    const sources = new DataView(source.buffer, source.byteOffset, source.byteLength)
    let record = from
    for (; record < length && partitions[record] === partition; record++) {
      const keyFrom = spans[4 * record] ?? 0
      const keyLength = (spans[4 * record + 1] ?? 0) - keyFrom
      const valueFrom = spans[4 * record + 2] ?? 0
      const valueLength = (spans[4 * record + 3] ?? 0) - valueFrom
      const lengths = varintBytes(this.count) + varintBytes(keyLength) + varintBytes(valueLength)
      const body = 3 + lengths + keyLength + valueLength
      const size = varintBytes(body) + body
      if (this.count > 0 && this.end + size > publishBatchBytesMax) break
      this.reserve(this.end + size)
      const { bytes, view } = this
      let at = putVarint(bytes, this.end, body * 2)
      bytes[at++] = 0
      bytes[at++] = 0
      at = putVarint(bytes, at, this.count * 2)
      at = putVarint(bytes, at, keyLength * 2)
      at = putBytes(view, at, sources, keyFrom, keyLength)
      at = putVarint(bytes, at, valueLength * 2)
      at = putBytes(view, at, sources, valueFrom, valueLength)
      bytes[at++] = 0
      this.end = at
      this.count++
    }
    return record - from
  }

  /**
   * What is sent, valid until the next call or `release`. It may be asked for again under other numbers.
   *
   * @param timestampMs when it is sent, the time of all its records
   */
  seal(numbers: BatchNumbers, timestampMs: number, isTransactional: boolean, compression: Compression): Buffer {
    this.isSealed = true
    const { bitmask } = compressionsAlgorithms[compression]
    if (compression !== 'none') {
      this.compressed ??= compressionsAlgorithms[compression].compressSync(this.bytes.subarray(headBytes, this.end))
      // Larger than it was, such as bytes that are compressed already, it may need another piece of memory.
      this.reserve(headBytes + this.compressed.length)
      this.compressed.copy(this.bytes, headBytes)
      this.end = headBytes + this.compressed.length
    }
    const { bytes, end } = this
    const sentAt = BigInt(timestampMs)
    bytes.writeBigInt64BE(0n, 0)
    bytes.writeInt32BE(end - 12, 8)
    bytes.writeInt32BE(-1, 12)
    bytes[16] = 2
    bytes.writeInt16BE(bitmask | (isTransactional ? transactionalBit : 0), 21)
    bytes.writeInt32BE(this.count - 1, 23)
    bytes.writeBigInt64BE(sentAt, 27)
    bytes.writeBigInt64BE(sentAt, 35)
    bytes.writeBigInt64BE(numbers.producerId, 43)
    bytes.writeInt16BE(numbers.epoch, 51)
    bytes.writeInt32BE(numbers.sequence, 53)
    bytes.writeInt32BE(this.count, 57)
    bytes.writeUInt32BE(crc32c(bytes.subarray(21, end)), 17)
    return bytes.subarray(0, end)
  }

  /** Gives the memory back; the batch is of no use any more. */
  release(): void {
    this.memory.giveBack(this.bytes)
  }

  private encode({ key, value, headers }: OutgoingRecord, lengthOf: LengthOf): 'done' | 'full' | 'not-ascii' {
    const keyLength = typeof key === 'string' ? lengthOf(key) : key.length
    const valueLength = value === null ? -1 : typeof value === 'string' ? lengthOf(value) : value.length
    const body =
      2 + // attributes and the timestamp delta of 0
      varintBytes(this.count) +
      varintBytes(keyLength) +
      keyLength +
      (value === null ? 1 : varintBytes(valueLength) + valueLength) +
      (headers === undefined ? 1 : headersLength(headers, lengthOf))
    const size = varintBytes(body) + body
    if (this.count > 0 && this.end + size > publishBatchBytesMax) return 'full'
    // A text that is longer than reckoned must show: four bytes are the most that one character takes.
    this.reserve(this.end + size + 4)
    const { bytes } = this
    let at = putVarint(bytes, this.end, body * 2)
    bytes[at++] = 0
    bytes[at++] = 0
    at = putVarint(bytes, at, this.count * 2)
    at = putVarint(bytes, at, keyLength * 2)
    if (typeof key !== 'string') bytes.set(key, at)
    else if (bytes.write(key, at) !== keyLength) return 'not-ascii'
    at += keyLength
    if (value === null) {
      bytes[at++] = 1
    } else {
      at = putVarint(bytes, at, valueLength * 2)
      if (typeof value !== 'string') bytes.set(value, at)
      else if (bytes.write(value, at) !== valueLength) return 'not-ascii'
      at += valueLength
    }
    if (headers === undefined) bytes[at++] = 0
    else if ((at = putHeaders(bytes, at, headers, lengthOf)) < 0) return 'not-ascii'
    this.end = at
    this.count++
    return 'done'
  }

  private reserve(bytes: number): void {
    if (bytes <= this.bytes.length) return
    const larger = this.memory.take(bytes)
    this.bytes.copy(larger, 0, 0, this.end)
    this.memory.giveBack(this.bytes)
    this.bytes = larger
    this.view = viewOf(larger)
  }
}

type LengthOf = (text: string) => number
const lengthAsAscii: LengthOf = (text) => text.length
const byteLength: LengthOf = (text) => Buffer.byteLength(text)

function headersLength(headers: Readonly<Record<string, string>>, lengthOf: LengthOf): number {
  let length = 0
  let count = 0
  for (const [name, text] of Object.entries(headers)) {
    const nameLength = lengthOf(name)
    const textLength = lengthOf(text)
    length += varintBytes(nameLength) + nameLength + varintBytes(textLength) + textLength
    count++
  }
  return varintBytes(count) + length
}

/** Where it ends; -1 when a text is longer than reckoned. */
function putHeaders(
  bytes: Buffer,
  start: number,
  headers: Readonly<Record<string, string>>,
  lengthOf: LengthOf,
): number {
  const entries = Object.entries(headers)
  let at = putVarint(bytes, start, entries.length * 2)
  for (const entry of entries) {
    for (const text of entry) {
      const length = lengthOf(text)
      at = putVarint(bytes, at, length * 2)
      if (bytes.write(text, at) !== length) return -1
      at += length
    }
  }
  return at
}

/** The bytes of a length or count as a zigzag varint. */
function varintBytes(value: number): number {
  return value < 64 ? 1 : value < 8_192 ? 2 : value < 1_048_576 ? 3 : value < 134_217_728 ? 4 : 5
}

/** @param zigzag twice the number, from 0 on */
function putVarint(bytes: Buffer, start: number, zigzag: number): number {
  let at = start
  let rest = zigzag
  while (rest > 127) {
    bytes[at++] = (rest & 127) | 128
    rest >>>= 7
  }
  bytes[at++] = rest
  return at
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Copies eight bytes at a time, which for a hundred of them is quicker than to call `set` with a part of an array. */
function putBytes(into: DataView, start: number, from: DataView, at: number, length: number): number {
  let i = 0
  for (; i + 8 <= length; i += 8) into.setBigUint64(start + i, from.getBigUint64(at + i))
  for (; i < length; i++) into.setUint8(start + i, from.getUint8(at + i))
  return start + length
}
