import type { KafkaRelease } from '../../src/broker/kafka/server/kafka-release.ts'
import { WindsockError } from '../../src/foundation/errors.ts'
import { startTestKafka, type TestKafka, withoutKafka } from './local-kafka.ts'

/** A Kafka of the generation before: without KIP-848, without the transactions of 4.x. */
const olderRelease: KafkaRelease = {
  version: '3.9.1',
  pom: new URL('older-kafka/pom.xml', import.meta.url),
  pins: new URL('older-kafka/jars.json', import.meta.url),
}

/** Starts an older Kafka, or gives the reason to skip what needs it: Java and Maven, or that its jars cannot be had. */
export async function startOlderKafka(): Promise<TestKafka | string> {
  if (withoutKafka !== false) return withoutKafka
  try {
    return await startTestKafka(1, olderRelease)
  } catch (error) {
    if (error instanceof WindsockError && error.code === 'kafka-jars') {
      return `needs the jars of Kafka ${olderRelease.version}: ${error.message}`
    }
    throw error
  }
}
