import type { Broker, OutgoingRecord } from '../../src/broker/broker.ts'

export interface TopicRecord {
  readonly partition: number
  readonly offset: number
  readonly key: string
  readonly value: string | null
  readonly headers: ReadonlyMap<string, string>
}

/** All that a topic holds now. */
export async function readTopic(
  broker: Broker,
  topic: string,
  isolation: 'uncommitted' | 'committed' = 'uncommitted',
): Promise<TopicRecord[]> {
  const { partitions } = await broker.admin.describeTopic(topic, isolation)
  const until = new Map(partitions.map(({ partition, end }) => [partition, end]))
  const reader = broker.openReader({ topic, start: 'earliest', until, isolation, signal: new AbortController().signal })
  const found: TopicRecord[] = []
  for await (const { partition, records } of reader) {
    for (const { offset, key, value, headers } of records) {
      const text = value === null ? null : Buffer.from(value).toString()
      found.push({ partition, offset, key: Buffer.from(key ?? []).toString(), value: text, headers })
    }
  }
  await reader.close()
  return found
}

/** All that is committed in a topic now. */
export function readCommitted(broker: Broker, topic: string): Promise<TopicRecord[]> {
  return readTopic(broker, topic, 'committed')
}

/** The newest committed value of every key, as compaction would leave it, in the order of the keys. */
export async function readNewest(broker: Broker, topic: string): Promise<ReadonlyMap<string, unknown>> {
  const newest = new Map<string, unknown>()
  for (const { key, value } of await readCommitted(broker, topic)) {
    newest.set(key, value === null ? null : JSON.parse(value))
  }
  return new Map([...newest].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

export async function sendTo(broker: Broker, topic: string, ...records: readonly OutgoingRecord[]): Promise<void> {
  const publisher = broker.openPublisher('test')
  await publisher.send(topic, records)
  await publisher.close()
}

/** A record of the topic `prices`, as any client might send it. */
export function barRecord(symbol: string, date: string, close: number): OutgoingRecord {
  const bar = { Date: date, Open: close, High: close, Low: close, Close: close, Label: symbol }
  return { key: symbol, value: JSON.stringify(bar) }
}
