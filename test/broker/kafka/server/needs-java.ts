import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultCacheDir } from '../../../../src/broker/kafka/server/cache-dir.ts'
import { findExecutable } from '../../../../src/broker/kafka/server/find-executable.ts'
import { findJava } from '../../../../src/broker/kafka/server/java.ts'
import type { LocalKafkaOptions } from '../../../../src/broker/kafka/server/local-kafka.ts'
import { stopLocalKafka } from '../../../../src/broker/kafka/server/local-kafka-status.ts'
import { silentLogger } from '../../../../src/foundation/logger.ts'

const hasJava = await findJava(process.env).then(
  () => true,
  () => false,
)
const hasMaven = (await findExecutable('mvn', process.env)) !== undefined

/** Options of a test that starts the real Kafka. */
export const needsJava = {
  skip: hasJava && hasMaven ? false : 'needs Java 17+: apt-get install openjdk-17-jre-headless maven',
  timeout: 120_000,
}

/** Options for a Kafka in a new home, which is stopped and removed after the test whatever happened. */
export async function temporaryKafka(t: { after(body: () => Promise<void>): void }): Promise<LocalKafkaOptions> {
  const home = await mkdtemp(join(tmpdir(), 'windsock-kafka-'))
  t.after(async () => {
    await stopLocalKafka(home, { logger: silentLogger }).catch(() => false)
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  })
  return { home, cacheDir: defaultCacheDir(process.env), logger: silentLogger, env: process.env }
}
