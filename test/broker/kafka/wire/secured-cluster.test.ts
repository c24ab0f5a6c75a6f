import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { KafkaOptions } from '../../../../src/broker/kafka/client-settings.ts'
import { createKafkaBroker } from '../../../../src/broker/kafka/kafka-broker.ts'
import type { Credentials } from '../../../../src/broker/kafka/wire/authenticate.ts'
import { locateTopic, parseEndpoint } from '../../../../src/broker/kafka/wire/locate-topic.ts'
import { Pieces } from '../../../../src/broker/kafka/wire/pieces.ts'
import { readTopic } from '../../../pipelines/topic-records.ts'
import { type SecuredKafka, startSecuredKafka, user, withoutSecuredKafka } from './secured-kafka.ts'

/** Asks for a topic's leaders by nothing but our own connection. */
async function openSession(address: string, sasl: Credentials | undefined): Promise<void> {
  const options = { clientId: 'test', connectTimeoutMs: 3_000, answerTimeoutMs: 5_000, sasl }
  await locateTopic('secured', [parseEndpoint(address)], options, new Pieces(undefined, 100_000))
}

describe('a secured cluster', { skip: withoutSecuredKafka }, () => {
  let kafka: SecuredKafka
  before(async () => {
    kafka = await startSecuredKafka()
    const broker = createKafkaBroker({ brokers: [kafka.plain] })
    await broker.admin.ensureTopics([{ name: 'secured', partitions: 2, cleanup: 'delete', retentionMs: -1 }])
    const publisher = broker.openPublisher('secured')
    const records = Array.from({ length: 3_000 }, (_, i) => ({ key: `${i}`, value: `${i} ${'x'.repeat(400)}` }))
    await publisher.send('secured', records)
    await broker.close()
  })
  after(() => kafka.stop())

  it('reads over TLS, and shows a certificate where one is asked for', async () => {
    const { ca, cert, key } = kafka
    assert.equal((await countRead({ brokers: [kafka.tls], tls: { ca } })).count, 3_000)
    assert.equal((await countRead({ brokers: [kafka.mutual], tls: { ca, cert, key } })).count, 3_000)
  })

  for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const) {
    it(`reads as a user by ${mechanism}, with and without TLS`, async () => {
      const sasl = { mechanism, ...user }
      assert.equal((await countRead({ brokers: [kafka.sasl], sasl })).count, 3_000)
      assert.equal((await countRead({ brokers: [kafka.saslTls], sasl, tls: { ca: kafka.ca } })).count, 3_000)
    })
  }

  it('is sent to over TLS and as a user, outside and inside of transactions', async () => {
    const { ca, cert, key, tls, mutual, sasl: as, saslTls } = kafka
    const ways: readonly KafkaOptions[] = [
      { brokers: [tls], tls: { ca } },
      { brokers: [mutual], tls: { ca, cert, key } },
      { brokers: [as], sasl: { mechanism: 'PLAIN', ...user } },
      { brokers: [as], sasl: { mechanism: 'SCRAM-SHA-256', ...user } },
      { brokers: [saslTls], sasl: { mechanism: 'SCRAM-SHA-512', ...user }, tls: { ca } },
    ]
    for (const [index, way] of ways.entries()) {
      const broker = createKafkaBroker(way)
      await broker.admin.ensureTopics([{ name: `sent-${index}`, partitions: 1, cleanup: 'delete', retentionMs: -1 }])
      const publisher = broker.openPublisher('sent')
      await publisher.send(`sent-${index}`, [{ key: 'k', value: 'outside' }])
      const transactions = broker.openTransactions(`sent-${index}`, { writesTo: [{ topic: `sent-${index}` }] })
      await transactions.open()
      await transactions.send(`sent-${index}`, [{ key: 'k', value: 'inside' }])
      await transactions.commit()
      const found = (await readTopic(broker, `sent-${index}`)).map(({ value }) => value)
      assert.deepEqual(found, ['outside', 'inside'])
      await broker.close()
    }
  })

  it('takes no record with a wrong password', async () => {
    const sasl = { mechanism: 'PLAIN', username: user.username, password: 'wrong' } as const
    const broker = createKafkaBroker({ brokers: [kafka.sasl], sasl })
    const publisher = broker.openPublisher('wrong')
    await assert.rejects(publisher.send('secured', [{ key: 'k', value: 'v' }]), { code: 'not-authorized' })
    await broker.close()
  })

  it('is sent to for longer than a login lasts', { timeout: 60_000 }, async () => {
    const sasl = { mechanism: 'SCRAM-SHA-256', ...user } as const
    const broker = createKafkaBroker({ brokers: [kafka.saslTls], sasl, tls: { ca: kafka.ca } })
    await broker.admin.ensureTopics([{ name: 'long', partitions: 1, cleanup: 'delete', retentionMs: -1 }])
    const transactions = broker.openTransactions('long', { writesTo: [{ topic: 'long' }] })
    await transactions.open()
    const until = performance.now() + 12_000
    let sent = 0
    while (performance.now() < until) {
      await transactions.send('long', [{ key: 'k', value: `${sent++}` }])
      await transactions.commit()
    }
    await transactions.close()
    assert.equal((await readTopic(broker, 'long', 'committed')).length, sent)
    await broker.close()
  })

  it('says not-authorized for a wrong password, at once', async () => {
    for (const mechanism of ['PLAIN', 'SCRAM-SHA-256'] as const) {
      const sasl = { mechanism, username: user.username, password: 'wrong' }
      await assert.rejects(countRead({ brokers: [kafka.sasl], sasl }), { code: 'not-authorized' })
      await assert.rejects(openSession(kafka.sasl, sasl), { code: 'not-authorized' })
    }
    await assert.rejects(openSession(kafka.sasl, undefined), { code: 'ECONNRESET' })
  })

  it('says who it is again before the broker wants it, without a trouble', { timeout: 40_000 }, async () => {
    const sasl = { mechanism: 'SCRAM-SHA-256', ...user } as const
    const { count, troubles } = await countRead({ brokers: [kafka.saslTls], sasl, tls: { ca: kafka.ca } }, 10_000)
    assert.equal(count, 3_000)
    assert.deepEqual(troubles, [])
  })
})

/** How many records are read within so many milliseconds, or until all are there. */
async function countRead(options: KafkaOptions, forMs?: number): Promise<{ count: number; troubles: string[] }> {
  const broker = createKafkaBroker(options)
  const troubles: string[] = []
  try {
    const { partitions } = await broker.admin.describeTopic('secured')
    const until = new Map(partitions.map(({ partition, end }) => [partition, end]))
    const reader = broker.openReader({
      topic: 'secured',
      start: 'earliest',
      ...(forMs === undefined ? { until } : {}),
      fetchBytesMax: 100_000,
      signal: AbortSignal.timeout(forMs ?? 20_000),
      onTrouble: (reason) => troubles.push(String(reason)),
    })
    let count = 0
    for await (const { packed } of reader) count += packed.length
    return { count, troubles }
  } finally {
    await broker.close()
  }
}
