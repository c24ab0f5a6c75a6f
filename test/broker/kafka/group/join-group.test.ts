import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import type { GroupOptions, Membership } from '../../../../src/broker/broker.ts'
import { Coordinator } from '../../../../src/broker/kafka/group/coordinator.ts'
import { joinKafkaGroup } from '../../../../src/broker/kafka/group/join-group.ts'
import { createKafkaBroker } from '../../../../src/broker/kafka/kafka-broker.ts'
import { describeGroup } from '../../../contracts/group.ts'
import { startTestKafka, withoutKafka } from '../../../support/local-kafka.ts'

if (withoutKafka === false) {
  const kafka = await startTestKafka()
  after(() => kafka.stop())
  const cluster = { brokers: kafka.brokers }
  for (const protocol of ['consumer', 'classic'] as const) {
    describeGroup(`Apache Kafka, ${protocol} protocol`, async () => {
      const broker = createKafkaBroker(cluster)
      const joinGroup = (options: GroupOptions): Membership => joinKafkaGroup(cluster, options, { protocol })
      return { broker: { ...broker, joinGroup }, close: () => broker.close() }
    })
  }

  it('chooses KIP-848 where the cluster offers it', async () => {
    const coordinator = new Coordinator(cluster, 'offers')
    assert.equal(await coordinator.hasConsumerGroups(), true)
    await coordinator.close()
  })
} else {
  it('keeps the group contract', { skip: withoutKafka }, () => {})
}
