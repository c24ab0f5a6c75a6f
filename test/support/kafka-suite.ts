import { after, before } from 'node:test'
import type { Broker } from '../../src/broker/broker.ts'
import { createKafkaBroker } from '../../src/broker/kafka/kafka-broker.ts'
import { startTestKafka, type TestKafka } from './local-kafka.ts'

/** There while the tests of the suite run. */
export interface KafkaSuite {
  readonly kafka: TestKafka
  readonly broker: Broker
}

/** A real Kafka of its own, and a client of it, for the suite that is being described. @param nodes three replicate threefold */
export function kafkaForSuite(nodes: 1 | 3 = 1): KafkaSuite {
  let suite: KafkaSuite | undefined
  before(async () => {
    const kafka = await startTestKafka(nodes)
    suite = { kafka, broker: createKafkaBroker({ brokers: kafka.brokers }) }
  })
  after(async () => {
    await suite?.broker.close()
    await suite?.kafka.stop()
  })
  const running = (): KafkaSuite => {
    if (suite === undefined) throw new Error('Kafka runs only while tests do')
    return suite
  }
  return {
    get kafka() {
      return running().kafka
    },
    get broker() {
      return running().broker
    },
  }
}
