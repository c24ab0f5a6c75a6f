import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { alterClientQuotasV1, Connection } from '@platformatic/kafka'
import { createKafkaBroker } from '../../../../src/broker/kafka/kafka-broker.ts'
import { KafkaPublisher } from '../../../../src/broker/kafka/kafka-publisher.ts'
import { BatchMemory } from '../../../../src/broker/kafka/produce/batch-memory.ts'
import { Cluster } from '../../../../src/broker/kafka/produce/cluster.ts'
import { parseEndpoint } from '../../../../src/broker/kafka/wire/locate-topic.ts'
import { startTestKafka, type TestKafka, withoutKafka } from '../../../support/local-kafka.ts'
import { until } from '../../../support/until.ts'

const topic = 'limited'
const records = Array.from({ length: 200 }, (_, i) => ({ key: String(i), value: 'x'.repeat(990), partition: 0 }))

describe('a quota of the cluster', { skip: withoutKafka }, () => {
  let kafka: TestKafka
  before(async () => {
    kafka = await startTestKafka()
    const { host, port } = parseEndpoint(kafka.brokers[0] ?? '')
    const connection = new Connection('windsock-test')
    await connection.connect(host, port)
    const entities = [{ entityType: 'client-id', entityName: null } as const]
    const ops = (['producer_byte_rate', 'consumer_byte_rate'] as const).map((key) => ({
      key,
      value: 20_000,
      remove: false as const,
    }))
    await alterClientQuotasV1.api.async(connection, [{ entities, ops }], false)
    await connection.close()
  })
  after(() => kafka.stop())

  it('slows a publisher and a reader down: the leader is left alone, and nothing is lost or sent again', async () => {
    const broker = createKafkaBroker({ brokers: kafka.brokers })
    await broker.admin.ensureTopics([{ name: topic, partitions: 1, cleanup: 'delete', retentionMs: -1 }])
    const cluster = new Cluster({ brokers: kafka.brokers })
    const publisher = new KafkaPublisher(cluster, new BatchMemory())
    let sent = 0
    await until('the quota to be used up', async () => {
      await publisher.send(topic, records)
      sent += records.length
      return cluster.quietMs(1) > 0
    })
    const quietMs = cluster.quietMs(1)
    const beganMs = performance.now()
    await publisher.send(topic, records.slice(0, 1))
    const lastedMs = performance.now() - beganMs
    assert.ok(lastedMs > quietMs - 50, `${lastedMs} ms, where ${quietMs} were asked for`)
    await publisher.close()
    await cluster.close()

    const end = (await broker.admin.describeTopic(topic)).partitions[0]?.end ?? 0
    assert.equal(end, sent + 1)
    const troubles: unknown[] = []
    const reader = broker.openReader({
      topic,
      start: 'earliest',
      until: new Map([[0, end]]),
      signal: AbortSignal.timeout(60_000),
      onTrouble: (reason) => troubles.push(reason),
    })
    let read = 0
    for await (const batch of reader) read += batch.records.length
    assert.deepEqual([read, troubles], [end, []])
    await broker.close()
  })
})
