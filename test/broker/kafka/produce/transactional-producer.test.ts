import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import type { Broker, OutgoingRecord, Transactions } from '../../../../src/broker/broker.ts'
import { createKafkaBroker } from '../../../../src/broker/kafka/kafka-broker.ts'
import { readCommitted } from '../../../pipelines/topic-records.ts'
import { kafkaForSuite } from '../../../support/kafka-suite.ts'
import { withoutKafka } from '../../../support/local-kafka.ts'
import { until } from '../../../support/until.ts'

// A broker that is killed before it has written the markers of a transaction takes them for written once it is back: while it
// registers, no partition has a leader (KAFKA-20734).
describe('a transaction whose markers the broker loses', { skip: withoutKafka }, () => {
  const suite = kafkaForSuite()
  const partitions = 40
  const timeout = 120_000
  const brokers: Broker[] = []
  after(() => Promise.all(brokers.map((broker) => broker.close())))

  it('keeps its outcome, whatever the next one becomes', { timeout }, async () => {
    const owner = await begin('next')
    const kept = await losing(
      async (round) => {
        const isKept = round % 2 === 0
        await owner.send('next', everywhere(`${round}`))
        await (isKept ? owner.commit() : owner.abort())
        return isKept ? [`${round}`] : []
      },
      async (round) => {
        const isKept = round % 2 === 1
        await owner.send('next', everywhere(`behind ${round}`))
        await (isKept ? owner.commit() : owner.abort())
        return isKept ? [`behind ${round}`] : []
      },
    )
    await owner.close()
    assert.deepEqual(await found('next'), kept)
  })

  it('is read though nothing follows it', { timeout }, async () => {
    const owner = await begin('idle')
    const kept = await losing(
      async (round) => {
        await owner.send('idle', everywhere(`${round}`))
        await owner.commit()
        return [`${round}`]
      },
      async (round) => {
        await until(`${round} to be read`, async () => (await countsIn('idle')).get(`${round}`) === partitions)
        return []
      },
    )
    await owner.close()
    assert.deepEqual(await found('idle'), kept)
  })

  it('has its outcome before the next owner begins', { timeout }, async () => {
    let owner = await begin('owners')
    const kept = await losing(
      async (round) => {
        await owner.send('owners', everywhere(`${round}`))
        await owner.commit()
        return [`${round}`]
      },
      async (round) => {
        const last = owner
        owner = await open('owners')
        assert.ok((await found('owners')).includes(`${round}`))
        await last.close()
        return []
      },
    )
    await owner.close()
    assert.deepEqual(await found('owners'), kept)
  })

  /** Kills the broker as soon as a transaction has ended, until that has cost it markers; returns what is to be read. */
  async function losing(
    lose: (round: number) => Promise<string[]>,
    follow: (round: number) => Promise<string[]>,
  ): Promise<string[]> {
    const kept: string[] = []
    const lostBefore = await lost()
    let rounds = 0
    while (rounds < 3 || (await lost()) === lostBefore) {
      assert.ok(rounds < 15, 'the broker has not lost a marker')
      kept.push(...(await lose(rounds)))
      await suite.kafka.killAndRestart()
      kept.push(...(await follow(rounds)))
      rounds++
    }
    return kept.toSorted()
  }

  async function lost(): Promise<number> {
    const log = await readFile(join(suite.kafka.home, 'broker', 'node-1', 'server.log'), 'utf8')
    return log.split('likely deleted already').length - 1
  }

  async function begin(topic: string): Promise<Transactions> {
    await suite.broker.admin.ensureTopics([{ name: topic, partitions, cleanup: 'delete', retentionMs: -1 }])
    return open(topic)
  }

  async function open(topic: string): Promise<Transactions> {
    const broker = createKafkaBroker({ brokers: suite.kafka.brokers })
    brokers.push(broker)
    const owner = broker.openTransactions(topic, { writesTo: [{ topic }] })
    await owner.open()
    return owner
  }

  function everywhere(value: string): OutgoingRecord[] {
    return Array.from({ length: partitions }, (_, partition) => ({ key: 'k', value, partition }))
  }

  /** The values that are read, all of which have to be whole. */
  async function found(topic: string): Promise<string[]> {
    const counts = await countsIn(topic)
    assert.deepEqual(new Set(counts.values()), new Set([partitions]))
    return [...counts.keys()].toSorted()
  }

  /** By value, in how many partitions it is read. */
  async function countsIn(topic: string): Promise<Map<string, number>> {
    const counts = new Map<string, number>()
    for (const { value } of await readCommitted(suite.broker, topic)) {
      counts.set(String(value), (counts.get(String(value)) ?? 0) + 1)
    }
    return counts
  }
})
