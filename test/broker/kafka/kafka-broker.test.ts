import { it } from 'node:test'
import { createKafkaBroker } from '../../../src/broker/kafka/kafka-broker.ts'
import { describeBroker } from '../../contracts/broker.ts'
import { startTestKafka, withoutKafka } from '../../support/local-kafka.ts'

if (withoutKafka === false) {
  describeBroker('Apache Kafka', async () => {
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
  it('keeps the broker contract', { skip: withoutKafka }, () => {})
}
