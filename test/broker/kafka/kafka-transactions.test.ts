import { it } from 'node:test'
import { createKafkaBroker } from '../../../src/broker/kafka/kafka-broker.ts'
import { describeTransactions } from '../../contracts/transactions.ts'
import { openJavaReader, withoutJavaReader } from '../../support/java-reader.ts'
import { startTestKafka } from '../../support/local-kafka.ts'

if (withoutJavaReader === false) {
  describeTransactions('Apache Kafka, judged by its own consumer', async () => {
    const kafka = await startTestKafka()
    const broker = createKafkaBroker({ brokers: kafka.brokers })
    const java = await openJavaReader(kafka.brokers)
    return {
      broker,
      readCommitted: async (topic) => {
        const found = await java.read(topic, 'read_committed')
        const { partitions } = await broker.admin.describeTopic(topic)
        return partitions.map(({ partition }) =>
          found.filter((record) => record.partition === partition).map(({ value }) => value),
        )
      },
      close: async () => {
        await java.close()
        await broker.close()
        await kafka.stop()
      },
    }
  })
} else {
  it('keeps the contract of transactions', { skip: withoutJavaReader }, () => {})
}
