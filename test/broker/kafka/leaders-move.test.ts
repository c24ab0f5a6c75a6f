import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { OutgoingRecord } from '../../../src/broker/broker.ts'
import { openJavaReader, withoutJavaReader } from '../../support/java-reader.ts'
import { kafkaForSuite } from '../../support/kafka-suite.ts'
import { until } from '../../support/until.ts'

const partitions = 6

describe('sending to three nodes of which one dies', { skip: withoutJavaReader }, () => {
  const suite = kafkaForSuite(3)

  it(
    'goes on at the new leaders and the new coordinator, each record once and in order',
    { timeout: 120_000 },
    async () => {
      const topics = ['published', 'committed']
      await suite.broker.admin.ensureTopics(
        topics.map((name) => ({ name, partitions, cleanup: 'delete' as const, retentionMs: -1 })),
      )
      const publisher = suite.broker.openPublisher('leaders')
      const transactions = suite.broker.openTransactions('leaders')
      await transactions.open()
      const over = new AbortController()
      /** By topic, how often a record was acknowledged in every partition. */
      const sends = [0, 0]
      const sendAll = async (which: 0 | 1, count: number, send: (from: number) => Promise<void>): Promise<number> => {
        let from = 0
        for (; !over.signal.aborted; from += count) {
          await send(from)
          sends[which] = (sends[which] ?? 0) + 1
          await delay(2)
        }
        return from
      }
      const untilSentAgain = async (times: number): Promise<void> => {
        const sent = [...sends]
        await until(`${times} more sends`, () => sends.every((count, which) => count >= (sent[which] ?? 0) + times))
      }
      const sending = Promise.all([
        sendAll(0, 120, (from) => publisher.send('published', numbered(from, 120))),
        sendAll(1, 60, async (from) => {
          const sent = transactions.send('committed', numbered(from, 60))
          await Promise.all([sent, transactions.commit()])
        }),
      ])
      await untilSentAgain(50)
      process.kill(suite.kafka.pids[0] ?? 0, 'SIGKILL')
      // Whatever was on its way is over with the first; the next ones need new leaders in the place of the one that died.
      await untilSentAgain(50)
      over.abort()
      const totals = await sending
      const java = await openJavaReader(suite.kafka.brokers)
      for (const [index, topic] of topics.entries()) {
        // The markers of the last commit may still be on their way.
        const found = await until(`all of ${topic}`, async () => {
          const read = await java.read(topic, 'read_committed')
          return read.length >= (totals[index] ?? 0) && read
        })
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
