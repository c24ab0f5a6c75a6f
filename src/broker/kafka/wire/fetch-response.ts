import type { AbortedTransaction } from './aborted-transactions.ts'
import type { ByteReader } from './byte-reader.ts'

export interface FetchedPartition {
  readonly partition: number
  /** Kafka's number; 0 is none. */
  readonly error: number
  readonly highWatermark: number
  /** The offset of the first record whose transaction is still open; -1 where the broker does not say. */
  readonly lastStableOffset: number
  readonly aborted: readonly AbortedTransaction[]
  /** Where its record batches lie in the answer. */
  readonly start: number
  readonly end: number
  /** Where the leader's log parts from what was read before; undefined while it does not. */
  readonly divergesAt: number | undefined
}

export interface FetchResponse {
  /** How long the broker wants to be left alone. */
  readonly throttleMs: number
  /** Kafka's number; 0 is none. */
  readonly error: number
  readonly partitions: readonly FetchedPartition[]
}

/*
  Fetch Response (Version: 12-17) => throttle_time_ms error_code session_id [responses] TAG_BUFFER
    throttle_time_ms => INT32
    error_code => INT16
    session_id => INT32
    responses => topic_id [partitions] TAG_BUFFER
      topic_id => UUID               from version 13 on; COMPACT_STRING, the name, before
      partitions => partition_index error_code high_watermark last_stable_offset log_start_offset [aborted_transactions]
                    preferred_read_replica records TAG_BUFFER
        partition_index => INT32
        error_code => INT16
        high_watermark => INT64
        last_stable_offset => INT64
        log_start_offset => INT64
        aborted_transactions => producer_id first_offset TAG_BUFFER
          producer_id => INT64
          first_offset => INT64
        preferred_read_replica => INT32
        records => COMPACT_RECORDS   their length + 1 as an unsigned varint
        tag 0, diverging_epoch => epoch end_offset TAG_BUFFER
          epoch => INT32
          end_offset => INT64
*/
export function decodeFetch(reader: ByteReader, version: number): FetchResponse {
  const throttleMs = reader.int32()
  const error = reader.int16()
  reader.int32()
  const topics = reader.compactArray(() => {
    if (version < 13) reader.compactString()
    else reader.skip(16)
    const partitions = reader.compactArray(() => decodePartition(reader))
    reader.tags()
    return partitions
  })
  reader.tags()
  return { throttleMs, error, partitions: topics.flat() }
}

function decodePartition(reader: ByteReader): FetchedPartition {
  const partition = reader.int32()
  const error = reader.int16()
  const highWatermark = reader.int64()
  const lastStableOffset = reader.int64()
  reader.skip(8)
  const aborted = reader.compactArray(() => {
    const producer = reader.id64()
    const firstOffset = reader.int64()
    reader.tags()
    return { producer, firstOffset }
  })
  reader.skip(4)
  const length = Math.max(0, reader.unsignedVarint() - 1)
  const start = reader.at
  reader.skip(length)
  let divergesAt: number | undefined
  reader.tags((tag) => {
    if (tag !== 0) return
    reader.skip(4)
    divergesAt = reader.int64()
  })
  return { partition, error, highWatermark, lastStableOffset, aborted, start, end: start + length, divergesAt }
}
