import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Broker, OutgoingRecord } from '../../../src/broker/broker.ts'
import { createKafkaBroker } from '../../../src/broker/kafka/kafka-broker.ts'
import { defaultCacheDir } from '../../../src/broker/kafka/server/cache-dir.ts'
import { type LocalKafka, startLocalKafka } from '../../../src/broker/kafka/server/local-kafka.ts'
import { silentLogger } from '../../../src/foundation/logger.ts'
import { openJavaReader, withoutJavaReader } from '../../support/java-reader.ts'

const partitions = 6

describe('sending to three nodes of which one dies', { skip: withoutJavaReader }, () => {
  let home: string
  let kafka: LocalKafka
  let broker: Broker
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'windsock-test-'))
    const cacheDir = defaultCacheDir(process.env)
    kafka = await startLocalKafka({ home, nodes: 3, cacheDir, logger: silentLogger, env: process.env })
    broker = createKafkaBroker({ brokers: kafka.brokers })
  })
  after(async () => {
    await broker.close()
    await kafka.stop()
    await rm(home, { recursive: true, force: true })
  })

  it(
    'goes on at the new leaders and the new coordinator, each record once and in order',
    { timeout: 120_000 },
    async () => {
      const topics = ['published', 'committed']
      await broker.admin.ensureTopics(
        topics.map((name) => ({ name, partitions, cleanup: 'delete' as const, retentionMs: -1 })),
      )
      const publisher = broker.openPublisher('leaders')
      const transactions = broker.openTransactions('leaders')
      await transactions.open()
      const over = new AbortController()
      const sendAll = async (count: number, send: (from: number) => Promise<void>): Promise<number> => {
        let from = 0
        for (; !over.signal.aborted; from += count) {
          await send(from)
          await delay(2)
        }
        return from
      }
      const sending = Promise.all([
        sendAll(120, (from) => publisher.send('published', numbered(from, 120))),
        sendAll(60, async (from) => {
          const sent = transactions.send('committed', numbered(from, 60))
          await Promise.all([sent, transactions.commit()])
        }),
      ])
      await delay(1_000)
      process.kill(kafka.pids[0] ?? 0, 'SIGKILL')
      await delay(9_000) // the others take over when its session has ended
      over.abort()
      const totals = await sending
      await delay(500)
      const java = await openJavaReader(kafka.brokers)
      for (const [index, topic] of topics.entries()) {
        const found = await java.read(topic, 'read_committed')
        assert.equal(found.length, totals[index])
        const next = Array.from({ length: partitions }, (_, partition) => partition)
        for (const { partition, value } of found) {
          assert.equal(Number(value), next[partition])
          next[partition] = Number(value) + partitions
        }
      }
      await java.close()
    },
  )
})

function numbered(from: number, count: number): OutgoingRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    key: 'k',
    value: String(from + i),
    partition: (from + i) % partitions,
  }))
}
