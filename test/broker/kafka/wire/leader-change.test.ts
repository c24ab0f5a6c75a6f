import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Topic } from '../../../../src/topics/topic.ts'
import { kafkaForSuite } from '../../../support/kafka-suite.ts'
import { withoutKafka } from '../../../support/local-kafka.ts'

describe('over the loss of one of three brokers', { skip: withoutKafka }, () => {
  const suite = kafkaForSuite(3)

  it('a reader follows the leaders, loses and repeats nothing', { timeout: 120_000 }, async () => {
    const topic: Topic = { name: 'leaders', partitions: 6, cleanup: 'delete', retentionMs: -1 }
    await suite.broker.admin.ensureTopics([topic])
    const total = 12_000
    const seen = new Map<number, number[]>()
    const abort = new AbortController()
    const troubles: (string | undefined)[] = []
    const onTrouble = (reason: string | undefined): number => troubles.push(reason)
    const reader = suite.broker.openReader({
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
    const publisher = suite.broker.openPublisher('leaders')
    for (let from = 0; from < total; from += 60) {
      if (from === 3_000) process.kill(suite.kafka.pids[1] ?? 0, 'SIGKILL')
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
