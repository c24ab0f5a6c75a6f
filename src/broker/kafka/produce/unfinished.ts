import { type Connection, describeProducersV0, type Reader, ResponseError, Writer } from '@platformatic/kafka'
import { WindsockError } from '../../../foundation/errors.ts'
import type { WrittenTo } from '../../broker.ts'
import { protocolError, protocolIds } from '../kafka-errors.ts'
import type { TopicPartition } from './author.ts'
import type { Cluster } from './cluster.ts'
import type { ProducerId } from './lane.ts'
import { patiently } from './patience.ts'

/** A partition in whose log a producer has records whose transaction has no end. */
export interface Unfinished extends TopicPartition {
  readonly epoch: number
  /** Of the coordinator whose marker came last. */
  readonly coordinatorEpoch: number
}

/** Known to all brokers. Without the version of transactions, which is the classic one then. */
const writeMarkers = { key: 27, version: 1 } as const

/** Kafka's numbers of two errors. */
const topicNotAllowed = 29
const clusterNotAllowed = 31

type Described = Awaited<ReturnType<typeof describeProducersV0.api.async>>

/** Finds the partitions that are written to and waits until each has a leader; topics that are not there have none. */
export function findPartitions(
  cluster: Cluster,
  writesTo: readonly WrittenTo[],
  closing: AbortSignal,
): Promise<TopicPartition[]> {
  return patiently(async () => {
    const partitions: TopicPartition[] = []
    for (const { topic, partition } of writesTo) {
      const leaders = (await cluster.askLeaders(topic)) ?? []
      const all = leaders.map((_, each) => ({ topic, partition: each }))
      partitions.push(...(partition === undefined ? all : all.slice(partition, partition + 1)))
    }
    for (const { topic, partition } of partitions) leaderOf(cluster, topic, partition)
    return partitions
  }, closing)
}

/**
 * Finds the partitions in which a producer, in its epoch or an earlier one, has records whose transaction has no end.
 *
 * @param partitions those of topics that are not there are left out
 * @throws WindsockError `not-authorized` where there are some and others may not be looked at
 */
export function findUnfinished(
  cluster: Cluster,
  producer: ProducerId,
  partitions: readonly TopicPartition[],
  closing: AbortSignal,
): Promise<Unfinished[]> {
  return patiently(async () => {
    const unfinished: Unfinished[] = []
    let unseen: string | undefined
    for (const [node, mine] of await byLeader(cluster, partitions)) {
      const { topics } = await describe(await cluster.leader(node), mine)
      for (const { name: topic, partitions: found } of topics) {
        for (const { partitionIndex: partition, errorCode, activeProducers } of found) {
          if (errorCode === topicNotAllowed) unseen = topic
          else if (errorCode !== 0) throw protocolError(errorCode)
          const own = activeProducers.find(({ producerId }) => producerId === producer.id)
          if (own === undefined || own.currentTxnStartOffset < 0 || own.producerEpoch > producer.epoch) continue
          unfinished.push({ topic, partition, epoch: own.producerEpoch, coordinatorEpoch: own.coordinatorEpoch })
        }
      }
    }
    if (unfinished.length > 0 && unseen !== undefined) {
      const what = `the broker has lost the end of a transaction, and may not be asked whether topic ${unseen} has it`
      throw new WindsockError('not-authorized', what, { hint: `Allow READ on topic ${unseen}` })
    }
    return unfinished
  }, closing)
}

/**
 * Writes the end of a transaction into the logs, as its coordinator would. What a leader does not take at the moment is left
 * as it is.
 *
 * @throws WindsockError `not-authorized` where that is not allowed
 */
export async function writeEnd(
  cluster: Cluster,
  producerId: bigint,
  isCommit: boolean,
  unfinished: readonly Unfinished[],
): Promise<void> {
  for (const [node, mine] of await byLeader(cluster, unfinished)) {
    const codes = await sendMarkers(await cluster.leader(node), producerId, isCommit, mine)
    if (!codes.includes(clusterNotAllowed)) continue
    throw new WindsockError(
      'not-authorized',
      'the broker has lost the end of a transaction, which may not be written again',
      {
        hint: 'Allow ALTER on the cluster (CLUSTER_ACTION before Kafka 4.0), or end it by kafka-transactions.sh abort',
      },
    )
  }
}

async function byLeader<P extends TopicPartition>(
  cluster: Cluster,
  partitions: readonly P[],
): Promise<Map<number, readonly P[]>> {
  const there: P[] = []
  for (const [topic, mine] of Map.groupBy(partitions, (each) => each.topic)) {
    if ((await cluster.askLeaders(topic)) !== undefined) there.push(...mine)
  }
  return Map.groupBy(there, ({ topic, partition }) => leaderOf(cluster, topic, partition))
}

function leaderOf(cluster: Cluster, topic: string, partition: number): number {
  const leader = cluster.knownLeaders(topic)?.[partition] ?? -1
  if (leader < 0) throw new WindsockError('broker-unreachable', `${topic}/${partition} has no leader`)
  return leader
}

/** The library throws the whole answer away for one partition that is refused; it is in the error. */
async function describe(connection: Connection, partitions: readonly TopicPartition[]): Promise<Described> {
  const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, mine]) => ({
    name,
    partitionIndexes: mine.map(({ partition }) => partition),
  }))
  try {
    return await describeProducersV0.api.async(connection, topics)
  } catch (error) {
    const isForbidden = protocolIds(error).includes('TOPIC_AUTHORIZATION_FAILED')
    if (!isForbidden || !(error instanceof ResponseError) || !isDescribed(error['response'])) throw error
    return error['response']
  }
}

function isDescribed(value: unknown): value is Described {
  return typeof value === 'object' && value !== null && 'topics' in value
}

/**
 * WriteTxnMarkers request, version 1: [producer id (8), epoch (2), result (1), [topic: name, [partition (4)]], coordinator's
 * epoch (4)]. Returns the error codes of all partitions.
 */
function sendMarkers(
  connection: Connection,
  producerId: bigint,
  isCommit: boolean,
  unfinished: readonly Unfinished[],
): Promise<number[]> {
  const request = (): Writer =>
    Writer.create()
      .appendArray([...unfinished], (markers, { topic, partition, epoch, coordinatorEpoch }) => {
        markers
          .appendInt64(producerId)
          .appendInt16(epoch)
          .appendBoolean(isCommit)
          .appendArray([topic], (topics) => {
            topics.appendString(topic).appendArray([partition], (each) => each.appendInt32(partition), true, false)
          })
          .appendInt32(Math.max(0, coordinatorEpoch))
      })
      .appendTaggedFields()
  const { promise, resolve, reject } = Promise.withResolvers<number[]>()
  connection.send(writeMarkers.key, writeMarkers.version, request, readCodes, true, true, (error, codes) => {
    if (error === null || error === undefined) resolve(codes ?? [])
    else reject(error)
  })
  return promise
}

/** WriteTxnMarkers response, version 1: [producer id (8), [topic: name, [partition (4), error code (2)]]]. */
function readCodes(_id: number, _key: number, _version: number, reader: Reader): number[] {
  return reader
    .readArray((markers) => {
      markers.skip(8)
      return markers.readArray((topics) => {
        topics.readString()
        return topics.readArray((partitions) => {
          partitions.skip(4)
          return partitions.readInt16()
        })
      })
    })
    .flat(2)
}
