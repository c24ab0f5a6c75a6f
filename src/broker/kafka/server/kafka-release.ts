import { kafkaVersion } from './cache-dir.ts'

/** Which Apache Kafka a local cluster runs, and where its jars are named. */
export interface KafkaRelease {
  readonly version: string
  /** What it needs to run: a pom.xml. */
  readonly pom: URL
  /** The SHA-256 of each jar of it: a JSON object by file name, as `scripts/pin-kafka-jars.ts` writes it. */
  readonly pins: URL
}

/** The one that Windsock runs where nobody asks for another. */
export const bundledRelease: KafkaRelease = {
  version: kafkaVersion,
  pom: new URL('pom.xml', import.meta.url),
  pins: new URL('jars.json', import.meta.url),
}
