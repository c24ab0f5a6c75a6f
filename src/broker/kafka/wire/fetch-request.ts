import type { Api } from './connection.ts'
import { ByteWriter } from './byte-writer.ts'

/** Topics go by name in version 12 (Kafka 2.7) and by id from 13 (3.1) on; Kafka 4.3 knows 4 to 18. */
export const fetchVersions = { key: 1, name: 'Fetch', from: 12, to: 17 } as const

export interface FetchTopic {
  readonly name: string
  readonly id: string
}

export interface FetchPartition {
  readonly partition: number
  readonly offset: number
  /** What we take for the leader's epoch: one that knows better says so instead of answering. -1 asks without. */
  readonly leaderEpoch: number
  /** The epoch of the last batch before `offset`, by which a leader finds that its log was cut; -1 where it is not known. */
  readonly lastEpoch: number
}

export interface FetchRequest {
  readonly topic: FetchTopic
  readonly partitions: readonly FetchPartition[]
  readonly isCommitted: boolean
  readonly waitMs: number
  readonly answerBytesMax: number
  readonly partitionBytesMax: number
}

/*
  Fetch Request (Version: 12-17) => [replica_id] max_wait_ms min_bytes max_bytes isolation_level session_id session_epoch [topics]
                                    [forgotten_topics] rack_id TAG_BUFFER
    replica_id => INT32              up to version 14
    max_wait_ms => INT32
    min_bytes => INT32
    max_bytes => INT32
    isolation_level => INT8          1 is read-committed
    session_id => INT32              0 with epoch -1: no fetch session
    session_epoch => INT32
    topics => topic_id [partitions] TAG_BUFFER
      topic_id => UUID               from version 13 on; COMPACT_STRING, the name, before
      partitions => partition current_leader_epoch fetch_offset last_fetched_epoch log_start_offset partition_max_bytes TAG_BUFFER
        partition => INT32
        current_leader_epoch => INT32
        fetch_offset => INT64
        last_fetched_epoch => INT32
        log_start_offset => INT64
        partition_max_bytes => INT32
    forgotten_topics => topic_id [partitions] TAG_BUFFER
    rack_id => COMPACT_STRING
*/
export function encodeFetch({ version }: Api, request: FetchRequest): Buffer {
  const { topic, partitions, isCommitted, waitMs, answerBytesMax, partitionBytesMax } = request
  const writer = new ByteWriter()
  if (version < 15) writer.int32(-1)
  writer
    .int32(waitMs)
    .int32(1)
    .int32(answerBytesMax)
    .int8(isCommitted ? 1 : 0)
    .int32(0)
    .int32(-1)
  writer.compactArray([topic], ({ id, name }) => {
    if (version < 13) writer.compactString(name)
    else writer.uuid(id)
    writer.compactArray(partitions, ({ partition, leaderEpoch, offset, lastEpoch }) => {
      writer
        .int32(partition)
        .int32(leaderEpoch)
        .int64(offset)
        .int32(lastEpoch)
        .int64(-1)
        .int32(partitionBytesMax)
        .noTags()
    })
    writer.noTags()
  })
  return writer.unsignedVarint(1).compactString('').noTags().finish()
}
