import { it } from 'node:test'
import { joinKafkaGroup } from '../../../../src/broker/kafka/group/join-group.ts'
import { createKafkaBroker } from '../../../../src/broker/kafka/kafka-broker.ts'
import { describeGroup } from '../../../contracts/group.ts'
import { startTestKafka, withoutKafka } from '../../../support/local-kafka.ts'

if (withoutKafka === false) {
  for (const protocol of [undefined, 'classic'] as const) {
    describeGroup(`Apache Kafka, ${protocol ?? 'KIP-848'}`, async () => {
      const kafka = await startTestKafka()
      const cluster = { brokers: kafka.brokers }
      const broker = createKafkaBroker(cluster)
      return {
        broker: { ...broker, joinGroup: (options) => joinKafkaGroup(cluster, options, protocol) },
        close: async () => {
          await broker.close()
          await kafka.stop()
        },
      }
    })
  }
} else {
  it('keeps the group contract', { skip: withoutKafka }, () => {})
}
