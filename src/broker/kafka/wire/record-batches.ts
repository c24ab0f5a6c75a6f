import { crc32c } from '@node-rs/crc32'
import { MalformedBytes } from './byte-reader.ts'

/*
  Record batch, format 2 (since Kafka 0.11)
    base_offset => INT64             0
    batch_length => INT32            8   the bytes that follow
    partition_leader_epoch => INT32  12
    magic => INT8                    16  2
    crc => UINT32                    17  CRC-32C of all that follows
    attributes => INT16              21
    last_offset_delta => INT32       23
    base_timestamp => INT64          27
    max_timestamp => INT64           35
    producer_id => INT64             43
    producer_epoch => INT16          51
    base_sequence => INT32           53
    records_count => INT32           57
    records => RECORD                61  compressed all together
*/
const lengthAt = 8
const lengthEnd = 12
const crcAt = 17
const crcEnd = 21
export const recordsAt = 61

const compressionBits = 0x07
const appendTimeBit = 0x08
const transactionalBit = 0x10
const controlBit = 0x20

/** The head of a record batch, and where its records are. */
export interface RecordBatch {
  /** Where the batch begins and ends in the bytes. */
  readonly at: number
  readonly end: number
  readonly baseOffset: number
  readonly lastOffset: number
  readonly leaderEpoch: number
  readonly recordCount: number
  /** Kafka's number of the compression: 0 is none. */
  readonly compression: number
  readonly isTransactional: boolean
  /** Holds no records of anybody, but the marker of a transaction. */
  readonly isControl: boolean
  readonly producer: bigint
  /** What the timestamps of its records are counted from; undefined where the broker stamped them all alike. */
  readonly baseTimestamp: number | undefined
  readonly maxTimestamp: number
}

/**
 * The batch that begins at `at`, or undefined where the broker has cut it off at `end`.
 *
 * @throws MalformedBytes
 */
export function readBatch(bytes: Buffer, at: number, end: number): RecordBatch | undefined {
  if (end - at < lengthEnd) return undefined
  const length = bytes.readInt32BE(at + lengthAt)
  if (length < recordsAt - lengthEnd) throw new MalformedBytes(`it says that it has ${length} bytes`)
  if (end - at < recordsAt) return undefined
  const magic = bytes[at + 16] ?? -1
  if (magic !== 2)
    throw new MalformedBytes(`it is of format ${magic}, and only format 2 (Kafka 0.11 and later) is read`)
  if (end - at - lengthEnd < length) return undefined
  const attributes = bytes.readInt16BE(at + 21)
  const baseOffset = readInt64(bytes, at)
  const lastDelta = bytes.readInt32BE(at + 23)
  const recordCount = bytes.readInt32BE(at + 57)
  if (baseOffset < 0 || lastDelta < 0 || recordCount < 0) throw new MalformedBytes('its offsets or counts are negative')
  const isTransactional = (attributes & transactionalBit) !== 0
  return {
    at,
    end: at + lengthEnd + length,
    baseOffset,
    lastOffset: baseOffset + lastDelta,
    leaderEpoch: bytes.readInt32BE(at + 12),
    recordCount,
    compression: attributes & compressionBits,
    isTransactional,
    isControl: (attributes & controlBit) !== 0,
    producer: isTransactional ? bytes.readBigInt64BE(at + 43) : -1n,
    baseTimestamp: (attributes & appendTimeBit) === 0 ? readInt64(bytes, at + 27) : undefined,
    maxTimestamp: readInt64(bytes, at + 35),
  }
}

/** @throws MalformedBytes where the batch's checksum is not that of its bytes */
export function checkBatch(bytes: Buffer, { at, end }: RecordBatch): void {
  const said = bytes.readUInt32BE(at + crcAt)
  const found = crc32c(bytes.subarray(at + crcEnd, end))
  if (said !== found) throw new MalformedBytes(`its CRC-32C is ${hex(found)} and ought to be ${hex(said)}`)
}

/**
 * Whether a control batch says that its transaction was aborted. The key of its record is `version INT16, type INT16`; type 0
 * is an abort and 1 a commit.
 */
export function isAbortMarker(bytes: Buffer, { at, end }: RecordBatch): boolean {
  // The record: its length, attributes, two deltas and the key's length, each of one byte or few.
  let key = at + recordsAt
  for (const skipped of ['length', 'attributes', 'timestamp', 'offset', 'key length']) {
    if (skipped !== 'attributes') while (key < end && (bytes[key] ?? 0) >= 128) key++
    key++
  }
  if (key + 4 > end) throw new MalformedBytes('its control record has no type')
  return bytes.readInt16BE(key + 2) === 0
}

export interface BatchScan {
  /** The offset behind the last whole batch. */
  readonly next: number
  /** The leader's epoch of that batch; -1 where there is none. */
  readonly leaderEpoch: number
}

/** How far the batches reach, from their heads alone: so the next fetch can be asked for before this one is worked on. */
export function scanBatches(bytes: Buffer, start: number, end: number, from: number): BatchScan {
  let next = from
  let leaderEpoch = -1
  for (let at = start; end - at >= recordsAt;) {
    const length = bytes.readInt32BE(at + lengthAt)
    // What is wrong here is said by whoever reads the records.
    if (length < recordsAt - lengthEnd || end - at - lengthEnd < length) break
    next = Math.max(next, readInt64(bytes, at) + bytes.readInt32BE(at + 23) + 1)
    leaderEpoch = bytes.readInt32BE(at + 12)
    at += lengthEnd + length
  }
  return { next, leaderEpoch }
}

function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 4_294_967_296 + bytes.readUInt32BE(at + 4)
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0')
}
