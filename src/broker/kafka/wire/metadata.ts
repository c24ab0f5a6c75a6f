import type { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import type { Api, Endpoint } from './connection.ts'

/** Topics have ids from version 10 (Kafka 2.8) on. */
export const metadataVersions = { key: 3, name: 'Metadata', from: 10, to: 12 } as const

export interface TopicMetadata {
  /** Kafka's number; 0 is none. */
  readonly error: number
  readonly topicId: string
  readonly nodes: ReadonlyMap<number, Endpoint>
  /** By partition; one without a leader has -1. */
  readonly leaders: ReadonlyMap<number, { readonly node: number; readonly epoch: number }>
}

/*
  Metadata Request (Version: 10-12) => [topics] allow_auto_topic_creation [include_cluster_authorized_operations]
                                       include_topic_authorized_operations TAG_BUFFER
    topics => topic_id name TAG_BUFFER
      topic_id => UUID
      name => COMPACT_NULLABLE_STRING
    allow_auto_topic_creation => BOOLEAN
    include_cluster_authorized_operations => BOOLEAN    version 10 only
    include_topic_authorized_operations => BOOLEAN
*/
export function encodeMetadata({ version }: Api, topic: string): Buffer {
  const writer = new ByteWriter()
  writer.compactArray([topic], (name) => {
    writer.int64(0).int64(0).compactString(name).noTags()
  })
  if (version === 10) writer.int8(0)
  return writer.int8(0).int8(0).noTags().finish()
}

/*
  Metadata Response (Version: 10-12) => throttle_time_ms [brokers] cluster_id controller_id [topics] [authorized_operations] TAG_BUFFER
    throttle_time_ms => INT32
    brokers => node_id host port rack TAG_BUFFER
      node_id => INT32
      host => COMPACT_STRING
      port => INT32
      rack => COMPACT_NULLABLE_STRING
    cluster_id => COMPACT_NULLABLE_STRING
    controller_id => INT32
    topics => error_code name topic_id is_internal [partitions] topic_authorized_operations TAG_BUFFER
      error_code => INT16
      name => COMPACT_NULLABLE_STRING
      topic_id => UUID
      is_internal => BOOLEAN
      partitions => error_code partition_index leader_id leader_epoch [replicas] [isr] [offline_replicas] TAG_BUFFER
        error_code => INT16
        partition_index => INT32
        leader_id => INT32
        leader_epoch => INT32
        replicas, isr, offline_replicas => INT32
      topic_authorized_operations => INT32
*/
export function decodeMetadata(reader: ByteReader): TopicMetadata {
  reader.int32()
  const nodes = reader.compactArray((): [number, Endpoint] => {
    const node = reader.int32()
    const endpoint = { host: reader.compactString() ?? '', port: reader.int32() }
    reader.compactString()
    reader.tags()
    return [node, endpoint]
  })
  reader.compactString()
  reader.int32()
  const [topic] = reader.compactArray(() => decodeTopic(reader))
  return { error: 0, topicId: '', leaders: new Map(), ...topic, nodes: new Map(nodes) }
}

function decodeTopic(reader: ByteReader): Omit<TopicMetadata, 'nodes'> {
  const error = reader.int16()
  reader.compactString()
  const topicId = reader.uuid()
  reader.int8()
  const leaders = reader.compactArray((): [number, { node: number; epoch: number }] => {
    reader.int16()
    const partition = reader.int32()
    const leader = { node: reader.int32(), epoch: reader.int32() }
    for (let list = 0; list < 3; list++) reader.compactArray(() => reader.int32())
    reader.tags()
    return [partition, leader]
  })
  reader.int32()
  reader.tags()
  return { error, topicId, leaders: new Map(leaders) }
}
