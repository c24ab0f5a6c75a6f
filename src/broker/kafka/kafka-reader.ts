import { setTimeout as delay } from 'node:timers/promises'
import { type ClusterMetadata, Consumer } from '@platformatic/kafka'
import { WindsockError } from '../../foundation/errors.ts'
import { fetchBytesMax } from '../../foundation/limits.ts'
import type { Admin, Batch, Reader, ReadOptions } from '../broker.ts'
import { consumerSettings, type KafkaOptions } from './client-settings.ts'
import { GroupMember } from './group-member.ts'
import { isUnknownTopic, protocolIds, reasonOf, translateKafkaError } from './kafka-errors.ts'
import { recordsOf } from './records.ts'

type Fetched = Awaited<ReturnType<Consumer['fetch']>>
type FetchedPartition = Fetched['responses'][number]['partitions'][number]

/** Protocol errors that no waiting mends. */
const finalIds = [
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'OFFSET_OUT_OF_RANGE',
  'UNKNOWN_TOPIC_ID',
  'UNKNOWN_TOPIC_OR_PARTITION',
]

/**
 * Fetches at positions of its own, so that what comes next is always where the last stored effect ended. The library gives
 * the connections, the codec and the membership; its consumer streams are not used (their positions cannot be trusted
 * over a rebalance, and their buffers are not bounded by bytes).
 */
export class KafkaReader implements Reader {
  private readonly options: KafkaOptions
  private readonly read: ReadOptions
  private readonly admin: Admin
  private readonly consumer: Consumer
  private readonly member: GroupMember | undefined
  private readonly stopped = new AbortController()
  private readonly stop: AbortSignal
  private topicId: string | undefined
  private isTroubled = false
  private isTroubleTold = false

  constructor(options: KafkaOptions, read: ReadOptions, admin: Admin) {
    this.options = options
    this.read = read
    this.admin = admin
    this.consumer = new Consumer(consumerSettings(options, read.group ?? 'reader'))
    this.consumer.topics.trackAll(read.topic)
    this.member =
      read.group === undefined ? undefined : new GroupMember(options, read.group, () => this.allPartitions())
    this.stop = AbortSignal.any([read.signal, this.stopped.signal])
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch> {
    await this.patiently(async () => this.member?.join())
    const positions = await this.patiently(() => this.startPositions())
    if (positions === undefined) return
    // One fetch is under way while the last one's batches are worked on.
    let upcoming = this.fetchAll(positions)
    while (!this.stop.aborted && !this.isDone(positions)) {
      const partitions = await upcoming
      this.member?.check()
      const batches = partitions.flatMap((partition) => this.batchOf(partition, positions))
      for (const { partition, next } of batches) positions.set(partition, next)
      upcoming = this.isDone(positions) ? Promise.resolve([]) : this.fetchAll(positions)
      upcoming.catch(() => {}) // seen when it is awaited
      for (const batch of batches) {
        if (this.stop.aborted) return
        yield batch
      }
    }
  }

  async commit(positions: ReadonlyMap<number, number>): Promise<void> {
    if (this.member === undefined) throw new WindsockError('usage', 'a reader without a group cannot commit')
    this.member.check()
    await this.member.commit(this.read.topic, positions)
  }

  async close(): Promise<void> {
    this.stopped.abort()
    await this.member?.leave()
    await this.consumer.close(true)
  }

  private async allPartitions(): Promise<ReadonlyMap<string, number[]>> {
    const { name, partitions } = await this.admin.describeTopic(this.read.topic)
    return new Map([[name, partitions.map(({ partition }) => partition)]])
  }

  private isDone(positions: ReadonlyMap<number, number>): boolean {
    const { until } = this.read
    return until !== undefined && [...positions].every(([partition, at]) => at >= (until.get(partition) ?? 0))
  }

  private async startPositions(): Promise<Map<number, number>> {
    const { topic, start, group } = this.read
    const { partitions } = await this.admin.describeTopic(topic)
    const committed = start === 'committed' ? await this.admin.committed(group ?? '', topic) : new Map<number, number>()
    const wantedOf = (partition: number): number | undefined =>
      typeof start === 'string' ? committed.get(partition) : start.get(partition)
    return new Map(
      partitions.map(({ partition, start: first, end }) => {
        if (start === 'latest') return [partition, end]
        const wanted = wantedOf(partition)
        if (wanted !== undefined && (wanted < first || wanted > end)) {
          throw new WindsockError(
            'position-lost',
            `${topic}/${partition} holds offsets ${first} to ${end}, not ${wanted}`,
          )
        }
        return [partition, wanted ?? first]
      }),
    )
  }

  /** Fetches from every leader at once; waits for the broker while it is away. */
  private async fetchAll(positions: ReadonlyMap<number, number>): Promise<FetchedPartition[]> {
    const fetched = await this.patiently(async () => {
      const metadata = await this.consumer.metadata({ topics: [this.read.topic], forceUpdate: this.isTroubled })
      const nodes = nodesOf(metadata, this.read.topic, positions)
      return Promise.all([...nodes].map(([node, wanted]) => this.fetch(metadata, node, wanted, positions)))
    })
    return fetched?.flat() ?? []
  }

  private async fetch(
    metadata: ClusterMetadata,
    node: number,
    partitions: readonly number[],
    positions: ReadonlyMap<number, number>,
  ): Promise<FetchedPartition[]> {
    const topicId = metadata.topics.get(this.read.topic)?.id ?? ''
    this.topicId ??= topicId
    if (topicId !== this.topicId) {
      throw new WindsockError('position-lost', `topic ${this.read.topic} was made anew`)
    }
    const topics = [
      {
        topicId,
        partitions: partitions.map((partition) => ({
          partition,
          currentLeaderEpoch: -1,
          fetchOffset: BigInt(positions.get(partition) ?? 0),
          lastFetchedEpoch: -1,
          partitionMaxBytes: fetchBytesMax,
        })),
      },
    ]
    const response = await this.consumer.fetch({ node, topics })
    return response.responses.flatMap((topic) => topic.partitions)
  }

  /**
   * The part of a fetched partition that is new: a batch is stored as it was sent, so it may begin before the position.
   * Empty where the answer is for a position that is no longer ours.
   */
  private batchOf(fetched: FetchedPartition, positions: ReadonlyMap<number, number>): Batch[] {
    const partition = fetched.partitionIndex
    const from = positions.get(partition)
    const to = this.read.until?.get(partition) ?? Infinity
    if (from === undefined) return []
    const { records, next } = recordsOf(fetched.records ?? [], from, to)
    if (next <= from) return []
    return [{ topic: this.read.topic, partition, records, next, end: Number(fetched.highWatermark) }]
  }

  /** Repeats while the broker is away, and says so; undefined when told to stop meanwhile. */
  private async patiently<T>(work: () => Promise<T>): Promise<T | undefined> {
    for (let attempt = 0; !this.stop.aborted; attempt++) {
      try {
        const value = await work()
        if (this.isTroubleTold) this.read.onTrouble?.(undefined)
        this.isTroubled = false
        this.isTroubleTold = false
        return value
      } catch (error) {
        if (this.stop.aborted) return undefined
        const isFinal =
          (error instanceof WindsockError && !error.retriable) ||
          isUnknownTopic(error) ||
          protocolIds(error).some((id) => finalIds.includes(id))
        if (isFinal) throw translateKafkaError(error, `reading topic ${this.read.topic}`, this.options.brokers)
        // The first failure may be no more than a leader that moved.
        if (this.isTroubled && !this.isTroubleTold) {
          this.isTroubleTold = true
          this.read.onTrouble?.(reasonOf(error))
        }
        this.isTroubled = true
        await delay(Math.min(1_000, 50 * 2 ** attempt), undefined, { signal: this.stop }).catch(() => {})
      }
    }
    return undefined
  }
}

function nodesOf(
  metadata: ClusterMetadata,
  topic: string,
  positions: ReadonlyMap<number, number>,
): Map<number, number[]> {
  const nodes = new Map<number, number[]>()
  const partitions = metadata.topics.get(topic)?.partitions ?? []
  for (const partition of positions.keys()) {
    const leader = partitions[partition]?.leader ?? -1
    const mine = nodes.get(leader)
    if (mine === undefined) nodes.set(leader, [partition])
    else mine.push(partition)
  }
  return nodes
}
