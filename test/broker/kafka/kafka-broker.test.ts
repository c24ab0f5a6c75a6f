import { it } from 'node:test'
import type { Broker } from '../../../src/broker/broker.ts'
import { createKafkaBroker } from '../../../src/broker/kafka/kafka-broker.ts'
import { describeBroker } from '../../contracts/broker.ts'
import { describeReading } from '../../contracts/reading.ts'
import { startTestKafka, withoutKafka } from '../../support/local-kafka.ts'

if (withoutKafka === false) {
  const open = async (): Promise<{ broker: Broker; close: () => Promise<void> }> => {
    const kafka = await startTestKafka()
    const broker = createKafkaBroker({ brokers: kafka.brokers })
    return {
      broker,
      close: async () => {
        await broker.close()
        await kafka.stop()
      },
    }
  }
  describeBroker('Apache Kafka', open)
  describeReading('Apache Kafka', open)
} else {
  it('keeps the broker contract', { skip: withoutKafka }, () => {})
}
