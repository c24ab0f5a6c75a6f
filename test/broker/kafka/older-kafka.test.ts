import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import type { Broker } from '../../../src/broker/broker.ts'
import { Coordinator } from '../../../src/broker/kafka/group/coordinator.ts'
import { createKafkaBroker } from '../../../src/broker/kafka/kafka-broker.ts'
import { describeBroker } from '../../contracts/broker.ts'
import { describeGroup } from '../../contracts/group.ts'
import { describeTransactions } from '../../contracts/transactions.ts'
import { startOlderKafka } from '../../support/older-kafka.ts'
import { pricesFile, printsOf } from '../../support/run-windsock.ts'

/** The contracts once more, against a Kafka before 4.0, and with what the client itself chooses there. */
const kafka = await startOlderKafka()

if (typeof kafka === 'string') {
  it('works with a Kafka before 4.0', { skip: kafka }, () => {})
} else {
  after(() => kafka.stop())
  const cluster = { brokers: kafka.brokers }
  const open = async (): Promise<{ broker: Broker; close: () => Promise<void> }> => {
    const broker = createKafkaBroker(cluster)
    await broker.admin.probe()
    return { broker, close: () => broker.close() }
  }
  describeBroker('Apache Kafka 3', open)
  describeGroup('Apache Kafka 3', open)
  describeTransactions('Apache Kafka 3', async () => {
    const opened = await open()
    const readCommitted = (topic: string): Promise<string[][]> => readCommittedOf(opened.broker, topic)
    // The coordinator looks every 10 s.
    return { ...opened, readCommitted, noticeMs: 11_000 }
  })

  describe('on Apache Kafka 3', () => {
    it('groups speak the classic protocol', async () => {
      const coordinator = new Coordinator(cluster, 'offers')
      assert.equal(await coordinator.hasConsumerGroups(), false)
      await coordinator.close()
    })

    it('an analysis gives what recomputing gives, to the byte', async () => {
      const where = ['--brokers', kafka.brokers.join(','), '--home', kafka.home]
      const file = ['--file', pricesFile('IBM')]
      const recomputing = printsOf(['recompute', 'aroon', ...file])
      await printsOf(['publish', 'prices', ...file, '--max', ...where])
      await printsOf(['analyse', 'aroon', '--until-end', ...where])
      const results = await printsOf(['results', 'aroon', ...where])
      assert.ok(results.split('\n').length > 40)
      assert.ok(results === (await recomputing))
    })
  })
}

/** By partition, up to the first transaction that is under way. */
async function readCommittedOf(broker: Broker, topic: string): Promise<string[][]> {
  const { partitions } = await broker.admin.describeTopic(topic, 'committed')
  const values = partitions.map((): string[] => [])
  const until = new Map(partitions.map(({ partition, end }) => [partition, end]))
  const signal = AbortSignal.timeout(20_000)
  const reader = broker.openReader({ topic, start: 'earliest', until, isolation: 'committed', signal })
  for await (const { partition, records } of reader) {
    values[partition]?.push(...records.map(({ value }) => Buffer.from(value ?? []).toString()))
  }
  await reader.close()
  return values
}
