import { Admin as LibraryAdmin, FetchIsolationLevels, ListOffsetTimestamps } from '@platformatic/kafka'
import { WindsockError } from '../../foundation/errors.ts'
import type { Topic } from '../../topics/topic.ts'
import type { Admin, TopicDescription } from '../broker.ts'
import { groupActive } from '../group/group-active.ts'
import { connectionSettings, type KafkaOptions } from './client-settings.ts'
import { isTransient, isUnknownTopic, protocolIds, translateKafkaError } from './kafka-errors.ts'
import { requireApis } from './required-apis.ts'

/** For how long a member that crashed may keep its place: the session of brokers of our own. */
const crashedMemberMsMax = 12_000

/** Cluster administration. Nothing here waits for a broker that is away: the caller decides. */
export class KafkaAdmin implements Admin {
  private readonly options: KafkaOptions
  private readonly admin: LibraryAdmin

  constructor(options: KafkaOptions) {
    this.options = options
    this.admin = new LibraryAdmin(connectionSettings(options, 'admin', false))
  }

  async probe(): Promise<void> {
    await this.ask('connecting', async () => {
      requireApis(await this.admin.listApis(), this.options.brokers)
      await this.admin.metadata({ topics: [], forceUpdate: true })
    })
  }

  async listTopics(): Promise<readonly string[]> {
    return this.ask('listing topics', () => this.admin.listTopics())
  }

  async ensureTopics(topics: readonly Topic[]): Promise<void> {
    await Promise.all(topics.map((topic) => this.ask(`topic ${topic.name}`, () => this.ensureTopic(topic))))
  }

  private async ensureTopic(topic: Topic): Promise<void> {
    const known = await this.findPartitionCount(topic.name)
    if (known === undefined) return this.createTopic(topic)
    if (known !== topic.partitions) {
      throw new WindsockError(
        'topic-mismatch',
        `topic ${topic.name} has ${known} partitions, wanted ${topic.partitions}`,
        {
          hint: 'Delete it, or name another topic',
        },
      )
    }
  }

  private async createTopic(topic: Topic): Promise<void> {
    const configs = [
      { name: 'cleanup.policy', value: topic.cleanup },
      { name: 'retention.ms', value: String(topic.retentionMs) },
      // Only closed segments are compacted; small ones keep a topic of upserts near the size of its keys.
      ...(topic.cleanup === 'compact' ? [{ name: 'segment.bytes', value: String(16_777_216) }] : []),
    ]
    try {
      await this.admin.createTopics({ topics: [topic.name], partitions: topic.partitions, replicas: -1, configs })
    } catch (error) {
      if (!protocolIds(error).includes('TOPIC_ALREADY_EXISTS')) throw error // another process was quicker
    }
    await this.untilKnown(topic.name)
  }

  private async findPartitionCount(name: string): Promise<number | undefined> {
    try {
      const metadata = await this.admin.metadata({ topics: [name], forceUpdate: true })
      return metadata.topics.get(name)?.partitionsCount
    } catch (error) {
      if (isUnknownTopic(error) || protocolIds(error).includes('UNKNOWN_TOPIC_OR_PARTITION')) return undefined
      throw error
    }
  }

  /** A topic just made is not known to its leader at once. */
  private async untilKnown(name: string): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await this.describeTopic(name)
        return
      } catch (error) {
        if (attempt >= 100) throw error
        await new Promise((resolve) => setTimeout(resolve, 20 + 5 * attempt))
      }
    }
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    await this.ask('deleting topics', async () => {
      const known = new Set(await this.admin.listTopics())
      const topics = names.filter((name) => known.has(name))
      if (topics.length === 0) return
      await this.admin.deleteTopics({ topics })
      for (let attempt = 0; attempt < 200; attempt++) {
        const left = new Set(await this.admin.listTopics())
        if (!topics.some((name) => left.has(name))) return
        await new Promise((resolve) => setTimeout(resolve, 25))
      }
      throw new WindsockError('broker-refused', `topics ${topics.join(', ')} are still there 5 s after their deletion`)
    })
  }

  async describeTopic(name: string, isolation?: 'uncommitted' | 'committed'): Promise<TopicDescription> {
    return this.ask(`topic ${name}`, async () => {
      const metadata = await this.admin.metadata({ topics: [name], forceUpdate: true })
      const topic = metadata.topics.get(name)
      if (topic === undefined) throw new WindsockError('topic-missing', `there is no topic ${name}`)
      const [start, end] = await Promise.all([
        this.offsets(name, topic.partitionsCount, ListOffsetTimestamps.EARLIEST),
        this.offsets(name, topic.partitionsCount, ListOffsetTimestamps.LATEST, isolation === 'committed'),
      ])
      const partitions = Array.from({ length: topic.partitionsCount }, (_, partition) => ({
        partition,
        start: start.get(partition) ?? 0,
        end: end.get(partition) ?? 0,
      }))
      return { name, id: topic.id, partitions }
    })
  }

  /**
   * By partition, the offset of the first record sent at or after a time (milliseconds); -1 where there is none.
   *
   * @param timestamp or `Infinity` for the end of what a reader sees: of committed records only, where so
   */
  async offsetsAt(name: string, count: number, timestamp: number, isCommitted: boolean): Promise<Map<number, number>> {
    const wanted = timestamp === Infinity ? ListOffsetTimestamps.LATEST : BigInt(Math.ceil(timestamp))
    return this.ask(`topic ${name}`, () => this.offsets(name, count, wanted, isCommitted))
  }

  private async offsets(
    name: string,
    count: number,
    timestamp: bigint,
    isCommitted = false,
  ): Promise<Map<number, number>> {
    const partitions = Array.from({ length: count }, (_, partitionIndex) => ({ partitionIndex, timestamp }))
    const isolationLevel = isCommitted ? FetchIsolationLevels.READ_COMMITTED : FetchIsolationLevels.READ_UNCOMMITTED
    const [topic] = await this.admin.listOffsets({ topics: [{ name, partitions }], isolationLevel })
    return new Map(topic?.partitions.map(({ partitionIndex, offset }) => [partitionIndex, Number(offset)]))
  }

  async committed(group: string, topic: string): Promise<ReadonlyMap<number, number>> {
    return this.ask(`group ${group}`, async () => {
      const [found] = await this.admin.listConsumerGroupOffsets({ groups: [group] })
      const offsets = found?.topics.find(({ name }) => name === topic)?.partitions ?? []
      return new Map(
        offsets
          .filter(({ committedOffset }) => committedOffset >= 0n)
          .map(({ partitionIndex, committedOffset }) => [partitionIndex, Number(committedOffset)]),
      )
    })
  }

  async deleteGroups(groups: readonly string[]): Promise<void> {
    for (const group of groups) await this.ask(`group ${group}`, () => this.deleteGroup(group))
  }

  private async deleteGroup(group: string): Promise<void> {
    for (const giveUpAt = Date.now() + crashedMemberMsMax; ;) {
      try {
        return await this.admin.deleteGroups({ groups: [group] })
      } catch (error) {
        const ids = protocolIds(error)
        if (ids.includes('GROUP_ID_NOT_FOUND')) return
        if (!ids.includes('NON_EMPTY_GROUP')) throw error
        if (Date.now() > giveUpAt) throw groupActive(group)
        await new Promise((resolve) => setTimeout(resolve, 250))
      }
    }
  }

  async close(): Promise<void> {
    await this.admin.close()
  }

  /** Coordinators and leaders of a young cluster need a moment: a few quick tries, then the translated error. */
  private async ask<T>(doing: string, question: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await question()
      } catch (error) {
        const isSettling = protocolIds(error).length > 0 && isTransient(error)
        if (!isSettling || attempt >= 20) throw translateKafkaError(error, doing, this.options.brokers)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }
}
