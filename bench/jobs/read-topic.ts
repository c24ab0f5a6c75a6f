import { randomUUID } from 'node:crypto'
import { Consumer } from '@platformatic/kafka'

export type Isolation = 'uncommitted' | 'committed'

export interface ReadTopicOptions {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly isolation: Isolation
  readonly signal: AbortSignal
  /** By partition, the offsets (exclusive) at which it ends; left out, it reads until the signal aborts. */
  readonly ends?: readonly number[]
  readonly onRecord: (value: Buffer | null, key: Buffer | null) => void
}

/** A batch that holds the markers of transactions and nobody's records. */
const controlBit = 0x20
const isolationLevels = { uncommitted: 0, committed: 1 } as const

/**
 * Reads a topic from its beginning. Not by our own reader: what judges it must not share its faults.
 *
 * @throws what the client throws; when the signal aborts before `ends` is reached, that it is so; without `ends` nothing then
 */
export async function readTopic(options: ReadTopicOptions): Promise<void> {
  const { brokers, topic, isolation, signal, ends, onRecord } = options
  const consumer = new Consumer({
    clientId: 'bench-reader',
    groupId: `bench-reader-${randomUUID()}`,
    bootstrapBrokers: [...brokers],
    autocommit: false,
    minBytes: 1,
    maxBytes: 1_048_576,
    maxWaitTime: 100,
    isolationLevel: isolationLevels[isolation],
  })
  try {
    consumer.topics.trackAll(topic)
    const metadata = await consumer.metadata({ topics: [topic] })
    const found = metadata.topics.get(topic)
    if (found === undefined) throw new Error(`there is no topic ${topic}`)
    const node = found.partitions[0]?.leader ?? -1
    const next = found.partitions.map(() => 0n)
    const isAtEnd = (): boolean => ends !== undefined && next.every((at, partition) => at >= (ends[partition] ?? 0))
    while (!signal.aborted && !isAtEnd()) {
      const partitions = next.map((fetchOffset, partition) => ({
        partition,
        currentLeaderEpoch: -1,
        fetchOffset,
        lastFetchedEpoch: -1,
        partitionMaxBytes: 1_048_576,
      }))
      const response = await consumer.fetch({ node, topics: [{ topicId: found.id, partitions }] })
      for (const fetched of response.responses.flatMap((each) => each.partitions)) {
        const from = next[fetched.partitionIndex] ?? 0n
        for (const batch of fetched.records ?? []) {
          next[fetched.partitionIndex] = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n
          if ((batch.attributes & controlBit) !== 0) continue
          for (const record of batch.records) {
            if (batch.firstOffset + BigInt(record.offsetDelta) < from) continue
            onRecord(record.value, record.key)
          }
        }
      }
    }
    if (ends !== undefined && !isAtEnd()) throw new Error(`${topic} could not be read to its end in time`)
  } finally {
    await consumer.close(true)
  }
}
