import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Broker } from '../../../../src/broker/broker.ts'
import { createKafkaBroker } from '../../../../src/broker/kafka/kafka-broker.ts'
import type { Topic } from '../../../../src/topics/topic.ts'
import { startTestKafka, type TestKafka, withoutKafka } from '../../../support/local-kafka.ts'

describe('over the loss of one of three brokers', { skip: withoutKafka }, () => {
  let kafka: TestKafka
  let broker: Broker
  before(async () => {
    kafka = await startTestKafka(3)
    broker = createKafkaBroker({ brokers: kafka.brokers })
  })
  after(async () => {
    await broker.close()
    await kafka.stop()
  })

  it('a reader follows the leaders, loses and repeats nothing', { timeout: 120_000 }, async () => {
    const topic: Topic = { name: 'leaders', partitions: 6, cleanup: 'delete', retentionMs: -1 }
    await broker.admin.ensureTopics([topic])
    const total = 12_000
    const seen = new Map<number, number[]>()
    const abort = new AbortController()
    const troubles: (string | undefined)[] = []
    const onTrouble = (reason: string | undefined): number => troubles.push(reason)
    const reader = broker.openReader({
      topic: topic.name,
      start: 'earliest',
      isolation: 'committed',
      signal: abort.signal,
      onTrouble,
    })
    let count = 0
    const reading = (async () => {
      for await (const { partition, records } of reader) {
        const values = records.map(({ value }) => Number(Buffer.from(value ?? []).toString()))
        seen.set(partition, [...(seen.get(partition) ?? []), ...values])
        count += values.length
        if (count >= total) abort.abort()
      }
    })()
    const publisher = broker.openPublisher('leaders')
    for (let from = 0; from < total; from += 60) {
      if (from === 3_000) process.kill(kafka.pids[1] ?? 0, 'SIGKILL')
      const records = Array.from({ length: 60 }, (_, i) => ({
        key: 'k',
        value: String(from + i),
        partition: (from + i) % topic.partitions,
      }))
      await publisher.send(topic.name, records)
    }
    await reading
    await reader.close()
    await publisher.close()
    for (let partition = 0; partition < topic.partitions; partition++) {
      const sent = Array.from({ length: total / topic.partitions }, (_, i) => i * topic.partitions + partition)
      assert.deepEqual(seen.get(partition), sent)
    }
    assert.ok([undefined, ...troubles].at(-1) === undefined, `the last word is a trouble: ${troubles.join(', ')}`)
  })
})
