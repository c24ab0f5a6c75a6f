import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Broker } from '../../../src/broker/broker.ts'
import { createMemoryBroker } from '../../../src/broker/memory/memory-broker.ts'
import { describeBroker } from '../../contracts/broker.ts'

describeBroker('in memory', async () => {
  const broker = createMemoryBroker()
  return { broker, close: () => broker.close() }
})

it('drops the older records of a partition that is full, and says so to a reader behind them', async () => {
  const broker = createMemoryBroker({ partitionBytesMax: 30_000 })
  await broker.admin.ensureTopics([{ name: 'full', partitions: 1, cleanup: 'delete', retentionMs: -1 }])
  await sendNumbers(broker, 'full', 500)
  const [partition] = (await broker.admin.describeTopic('full')).partitions
  assert.equal(partition?.end, 500)
  assert.ok((partition?.start ?? 0) > 300)
  const values = await readValues(broker, 'full')
  assert.equal(values.length, 500 - (partition?.start ?? 0))
  assert.equal(values.at(-1), '499')
  const reader = broker.openReader({ topic: 'full', start: new Map([[0, 10]]), signal: AbortSignal.timeout(1_000) })
  await assert.rejects(
    async () => {
      for await (const batch of reader) assert.fail(`read ${batch.records.length} records that are gone`)
    },
    { code: 'position-lost' },
  )
})

it('keeps the newest record of every key of a compacted topic, at its offset', async () => {
  const broker = createMemoryBroker({ partitionBytesMax: 30_000 })
  await broker.admin.ensureTopics([{ name: 'upserts', partitions: 1, cleanup: 'compact', retentionMs: -1 }])
  await sendNumbers(broker, 'upserts', 2_000)
  const reader = broker.openReader({
    topic: 'upserts',
    start: 'earliest',
    until: new Map([[0, 2_000]]),
    signal: AbortSignal.timeout(5_000),
  })
  const newest = new Map<string, string>()
  let count = 0
  let last = -1
  let next = 0
  for await (const batch of reader) {
    for (const { key, value, offset } of batch.records) {
      assert.ok(offset > last)
      last = offset
      count++
      newest.set(Buffer.from(key ?? []).toString(), Buffer.from(value ?? []).toString())
    }
    next = batch.next
  }
  assert.equal(next, 2_000)
  assert.ok(count < 200, `${count} records are held`)
  assert.deepEqual(
    [...newest].toSorted(([a], [b]) => (a < b ? -1 : 1)),
    Array.from({ length: 7 }, (_, key) => [`key ${key}`, lastValueOf(key)]),
  )
})

/** Sends 0, 1, 2, … under seven keys. */
async function sendNumbers(broker: Broker, topic: string, count: number): Promise<void> {
  const publisher = broker.openPublisher('numbers')
  for (let i = 0; i < count; i++) await publisher.send(topic, [{ key: `key ${i % 7}`, value: String(i) }])
}

function lastValueOf(key: number): string {
  let last = 1_999
  while (last % 7 !== key) last--
  return String(last)
}

async function readValues(broker: Broker, topic: string): Promise<string[]> {
  const { partitions } = await broker.admin.describeTopic(topic)
  const until = new Map(partitions.map(({ partition, end }) => [partition, end]))
  const reader = broker.openReader({ topic, start: 'earliest', until, signal: AbortSignal.timeout(5_000) })
  const values: string[] = []
  for await (const { records } of reader)
    values.push(...records.map(({ value }) => Buffer.from(value ?? []).toString()))
  return values
}
