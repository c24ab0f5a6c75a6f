import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Broker, OutgoingRecord, Transactions } from '../../../src/broker/broker.ts'
import { createKafkaBroker } from '../../../src/broker/kafka/kafka-broker.ts'
import { WindsockError } from '../../../src/foundation/errors.ts'
import { type FoundRecord, type JavaReader, openJavaReader, withoutJavaReader } from '../../support/java-reader.ts'
import { startTestKafka, type TestKafka } from '../../support/local-kafka.ts'
import { createRandom } from '../../support/random.ts'
import { until } from '../../support/until.ts'

describe('sending, while clients and the broker are killed', { skip: withoutJavaReader }, () => {
  let kafka: TestKafka
  let java: JavaReader
  const brokers: Broker[] = []
  before(async () => {
    kafka = await startTestKafka()
    java = await openJavaReader(kafka.brokers)
  })
  after(async () => {
    await java.close()
    await Promise.all(brokers.map((broker) => broker.close()))
    await kafka.stop()
  })

  const openBroker = (): Broker => {
    const broker = createKafkaBroker({ brokers: kafka.brokers })
    brokers.push(broker)
    return broker
  }
  const makeTopic = (name: string, partitions: number): Promise<void> =>
    openBroker().admin.ensureTopics([{ name, partitions, cleanup: 'delete', retentionMs: -1 }])

  it(
    'a publisher repeats and loses none of 200,000 records, and keeps their order',
    { timeout: 180_000 },
    async (t) => {
      const random = createRandom()
      t.diagnostic(`WINDSOCK_SEED=${random.seed}`)
      await makeTopic('publishing', 4)
      const publisher = openBroker().openPublisher('kills')
      const [total, frame] = [200_000, 1_000]
      const killsAt = [20_000 + random.below(50_000), 110_000 + random.below(50_000)]
      const underWay: Promise<void>[] = []
      let killing = Promise.resolve()
      for (let from = 0; from < total; from += frame) {
        if (from >= (killsAt[0] ?? Infinity)) {
          killsAt.shift()
          killing = killing.then(() => delay(random.below(30))).then(() => kafka.killAndRestart())
        }
        const records = Array.from({ length: frame }, (_, i) => numbered(from + i, (from + i) % 4))
        underWay.push(publisher.send('publishing', records))
        if (underWay.length >= 8) await underWay.shift()
      }
      await Promise.all(underWay)
      await killing
      await publisher.close()
      const found = byPartition(await java.read('publishing', 'read_uncommitted'), 4)
      const expected = [0, 1, 2, 3].map((partition) =>
        Array.from({ length: total / 4 }, (_, i) => String(4 * i + partition)),
      )
      for (const [partition, values] of found.entries()) {
        assert.equal(values.length, total / 4)
        assert.ok(values.join() === expected[partition]?.join(), `partition ${partition} has each once, in order`)
      }
    },
  )

  it('transactions are read whole or not at all, in order, once', { timeout: 240_000 }, async (t) => {
    const random = createRandom()
    t.diagnostic(`WINDSOCK_SEED=${random.seed}`)
    await makeTopic('transactions', 3)
    /** By number: the values it sent, by partition, and whether it is known to be committed. */
    const sent: { values: string[][]; outcome: 'committed' | 'aborted' | 'unknown' }[] = []
    let owner = await openOwner('random', 'transactions')
    let killing = Promise.resolve()
    let next = 0
    const rounds = 150
    const killsAt = new Set(Array.from({ length: 4 }, (_, i) => 10 + 35 * i + random.below(25)))
    for (let round = 0; round < rounds; round++) {
      if (killsAt.has(round)) {
        const pauseMs = random.below(40)
        killing = killing.then(() => delay(pauseMs)).then(() => kafka.killAndRestart())
      }
      const values: string[][] = [[], [], []]
      const transaction: (typeof sent)[number] = { values, outcome: 'unknown' }
      sent.push(transaction)
      const sending: Promise<void>[] = []
      for (let call = random.below(4); call >= 0; call--) {
        const records = Array.from({ length: 1 + random.below(40) }, () => numbered(next++, random.below(3)))
        for (const { partition, value } of records) values[partition]?.push(value)
        sending.push(owner.send('transactions', records))
      }
      for (const each of sending) each.catch(() => {}) // one that is abandoned may yet be refused
      const dice = random.below(10)
      if (dice < 6) {
        await owner.commit()
        transaction.outcome = 'committed'
      } else if (dice < 8) {
        await owner.abort()
        transaction.outcome = 'aborted'
      } else {
        // A client that dies: with records on their way, or with its commit on its way.
        if (dice === 8) await delay(random.below(20))
        else void owner.commit().catch(() => {})
        owner = await openOwner('random', 'transactions')
        if (dice === 8) transaction.outcome = 'aborted'
      }
    }
    await killing
    const found = byPartition(await readAllCommitted('transactions', 3), 3)
    const all = new Set(found.flat())
    for (const [round, { values, outcome }] of sent.entries()) {
      const there = values.map((mine) => mine.filter((value) => all.has(value)).length)
      const isThere = there.some((count) => count > 0)
      const what = `transaction ${round} of ${rounds}, ${outcome}: of its ${values.map(({ length }) => length).join(', ')} records ${there.join(', ')} are committed`
      if (outcome !== 'unknown') assert.equal(isThere, outcome === 'committed', what)
    }
    const committed = sent.filter(({ values }) => values.flat().some((value) => all.has(value)))
    for (const [partition, values] of found.entries()) {
      assert.deepEqual(
        values,
        committed.flatMap((transaction) => transaction.values[partition] ?? []),
      )
    }
    const counts = ['committed', 'aborted', 'unknown'].map(
      (outcome) => `${sent.filter((each) => each.outcome === outcome).length} ${outcome}`,
    )
    t.diagnostic(`${counts.join(', ')}; ${all.size} of ${next} records committed`)
    const uncommitted = (await java.read('transactions', 'read_uncommitted')).length
    assert.ok(uncommitted > all.size, `${uncommitted} records in the topic: what was aborted was sent, and left out`)
  })

  it('a zombie commits nothing once it is followed, whatever the moment', { timeout: 120_000 }, async (t) => {
    const random = createRandom()
    t.diagnostic(`WINDSOCK_SEED=${random.seed}`)
    await makeTopic('zombies', 2)
    const certain = new Set<string>()
    const doubtful = new Set<string>()
    for (let round = 0; round < 25; round++) {
      const first = await openOwner('zombie', 'zombies')
      let isFollowed = false
      let commits = 0
      const working = (async () => {
        for (;;) {
          const value = `first ${round} ${commits++}`
          const wasFollowed: boolean = isFollowed
          doubtful.add(value)
          const sending = first.send('zombies', [
            { key: 'k', value, partition: 0 },
            { key: 'k', value, partition: 1 },
          ])
          sending.catch(() => {})
          await first.commit()
          assert.equal(wasFollowed, false, `${value} was committed after it was followed`)
          doubtful.delete(value)
          certain.add(value)
        }
      })()
      const ended = working.then(
        () => undefined,
        (error: unknown) => error,
      )
      // Followed before it has done anything, or in the midst of its work.
      if (round % 2 === 0) await until('a first commit', () => commits > 1)
      await delay(5 + random.below(60))
      const second = await openOwner('zombie', 'zombies')
      isFollowed = true
      const reason = await ended
      assert.ok(reason instanceof WindsockError && reason.code === 'fenced', String(reason))
      await second.send('zombies', [{ key: 'k', value: `second ${round}`, partition: random.below(2) }])
      await second.commit()
      certain.add(`second ${round}`)
    }
    const found = (await readAllCommitted('zombies', 2)).map(({ value }) => value)
    for (const value of certain) assert.ok(found.includes(value), `${value} is committed`)
    for (const value of found) assert.ok(certain.has(value) || doubtful.has(value), `${value} may be committed`)
    for (const value of doubtful) assert.ok([0, 2].includes(found.filter((each) => each === value).length))
    t.diagnostic(`${certain.size} certain, ${doubtful.size} doubtful`)
  })

  async function openOwner(id: string, topic: string): Promise<Transactions> {
    const owner = openBroker().openTransactions(id, { writesTo: [{ topic }] })
    await owner.open()
    return owner
  }

  /** Everything committed: the last thing sent is waited for, since the markers of what lies before it may still be on their way. */
  async function readAllCommitted(topic: string, partitions: number): Promise<FoundRecord[]> {
    const owner = await openOwner(`last of ${topic}`, topic)
    const last = 'the last one'
    const marks = Array.from({ length: partitions }, (_, partition) => ({ key: 'last', value: last, partition }))
    await owner.send(topic, marks)
    await owner.commit()
    return until(`the end of ${topic} to be readable`, async () => {
      const found = await java.read(topic, 'read_committed')
      const others = found.filter(({ value }) => value !== last)
      return found.length - others.length === partitions && others
    })
  }
})

function numbered(value: number, partition: number): OutgoingRecord & { value: string; partition: number } {
  return { key: `key ${value % 11}`, value: String(value), partition }
}

function byPartition(found: readonly FoundRecord[], partitions: number): string[][] {
  return Array.from({ length: partitions }, (_, partition) =>
    found.filter((record) => record.partition === partition).map(({ value }) => value),
  )
}
