import { it } from 'node:test'
import { createKafkaBroker } from '../../../../src/broker/kafka/kafka-broker.ts'
import { describeGroup } from '../../../contracts/group.ts'
import { startTestKafka, withoutKafka } from '../../../support/local-kafka.ts'

if (withoutKafka === false) {
  describeGroup('Apache Kafka', async () => {
    const kafka = await startTestKafka()
    const broker = createKafkaBroker({ brokers: kafka.brokers })
    return {
      broker,
      close: async () => {
        await broker.close()
        await kafka.stop()
      },
    }
  })
} else {
  it('keeps the group contract', { skip: withoutKafka }, () => {})
}
