import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Topic } from '../../../src/topics/topic.ts'
import { kafkaForSuite } from '../../support/kafka-suite.ts'
import { withoutKafka } from '../../support/local-kafka.ts'

describe('over a kill -9 of the broker and its restart', { skip: withoutKafka }, () => {
  const suite = kafkaForSuite()

  it('a publisher loses and repeats nothing, and a reader goes on where it was', { timeout: 120_000 }, async () => {
    const topic: Topic = { name: 'restart', partitions: 4, cleanup: 'delete', retentionMs: -1 }
    await suite.broker.admin.ensureTopics([topic])
    const abort = new AbortController()
    const troubles: (string | undefined)[] = []
    const reader = suite.broker.openReader({
      topic: topic.name,
      start: 'earliest',
      group: 'restart',
      signal: abort.signal,
      onTrouble: (reason) => troubles.push(reason),
    })
    const seen: number[] = []
    const total = 6_000
    const reading = (async () => {
      for await (const { records } of reader) {
        for (const { value } of records) seen.push(Number(Buffer.from(value ?? []).toString()))
        if (seen.length >= total) abort.abort()
      }
    })()

    const publisher = suite.broker.openPublisher('restart')
    let killed: Promise<void> | undefined
    for (let from = 0; from < total; from += 20) {
      if (from === 2_000) killed = suite.kafka.killAndRestart()
      const records = Array.from({ length: 20 }, (_, i) => ({ key: `key ${(from + i) % 11}`, value: String(from + i) }))
      await publisher.send(topic.name, records)
    }
    await killed
    await reading
    await reader.close()
    await publisher.close()

    assert.equal(seen.length, total)
    assert.equal(new Set(seen).size, total)
    for (let key = 0; key < 11; key++) {
      const mine = seen.filter((value) => value % 11 === key)
      assert.deepEqual(
        mine,
        mine.toSorted((a, b) => a - b),
        `the records of key ${key} are in the order of sending`,
      )
    }
    assert.ok(troubles.some((reason) => reason !== undefined))
    assert.equal(troubles.at(-1), undefined)
  })
})
