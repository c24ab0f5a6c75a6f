import { type Connection, type Reader, Writer } from '@platformatic/kafka'

/** Known to brokers from 2.8 on, and by those of 4.x. Of the classic transaction protocol, as all below 12. */
export const produceVersions = { key: 0, name: 'Produce', from: 9, to: 9 } as const

const acksOfAllInSync = -1

/** How long the leader may wait for the others; below the time after which a request is given up. */
const replicationTimeoutMs = 8_000

/** One partition's part of a request. */
export interface ProducePart {
  readonly topic: string
  readonly partition: number
  /** A sealed batch. */
  readonly batch: Buffer
}

export interface Produced {
  readonly answers: readonly ProduceAnswer[]
  /** For how long the leader wants to be left alone: by a quota. Until then it reads nothing more from the connection. */
  readonly throttleMs: number
}

/** What the leader answers for one partition: 0 for appended, else the protocol's error code. */
export interface ProduceAnswer {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  readonly message: string | null
}

/**
 * Sends the batches in one request and resolves with the leader's answers, in any order. The batches' memory is free
 * again when the call returns. Throws when no answer comes: then nobody knows whether they were appended.
 *
 * @param parts those of one topic side by side
 */
export async function produce(
  connection: Connection,
  transactionalId: string | null,
  parts: readonly ProducePart[],
): Promise<Produced> {
  const { promise, resolve, reject } = Promise.withResolvers<Produced>()
  const send = (): Writer => writeRequest(transactionalId, parts)
  connection.send(produceVersions.key, produceVersions.to, send, readProduced, true, true, (error, produced) => {
    if (error === null || error === undefined) resolve(produced ?? { answers: [], throttleMs: 0 })
    else reject(error)
  })
  return promise
}

/*
 * Produce request, version 9: transactional id, acks (2), timeout (4), [topic: name, [partition: index (4), records]].
 * Lengths of texts, arrays and records are unsigned varints, one more than the length; each structure ends with its tags.
 */
function writeRequest(transactionalId: string | null, parts: readonly ProducePart[]): Writer {
  const byTopic = Map.groupBy(parts, ({ topic }) => topic)
  return Writer.create()
    .appendString(transactionalId)
    .appendInt16(acksOfAllInSync)
    .appendInt32(replicationTimeoutMs)
    .appendArray([...byTopic], (topics, [topic, mine]) => {
      topics.appendString(topic).appendArray(mine, (partitions, { partition, batch }) => {
        partitions
          .appendInt32(partition)
          .appendUnsignedVarInt(batch.length + 1)
          .append(batch)
      })
    })
    .appendTaggedFields()
}

/*
 * Produce response, version 9: [topic: name, [partition: index (4), error code (2), base offset (8), append time (8), log
 * start (8), [index (4), message], message]], throttle time (4).
 */
function readProduced(_id: number, _key: number, _version: number, reader: Reader): Produced {
  const answers = reader
    .readArray((topics) => {
      const topic = topics.readString()
      return topics.readArray((partitions): ProduceAnswer => {
        const partition = partitions.readInt32()
        const errorCode = partitions.readInt16()
        partitions.skip(24)
        partitions.readArray((records) => {
          records.skip(4)
          return records.readNullableString()
        })
        return { topic, partition, errorCode, message: partitions.readNullableString() }
      })
    })
    .flat()
  return { answers, throttleMs: reader.readInt32() }
}
