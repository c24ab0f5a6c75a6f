import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultCacheDir } from '../../src/broker/kafka/server/cache-dir.ts'
import type { KafkaRelease } from '../../src/broker/kafka/server/kafka-release.ts'
import { findJava } from '../../src/broker/kafka/server/java.ts'
import { startLocalKafka } from '../../src/broker/kafka/server/local-kafka.ts'
import { findExecutable } from '../../src/broker/kafka/server/find-executable.ts'
import { silentLogger } from '../../src/foundation/logger.ts'

/** The reason to skip what needs a real broker, or false where one can run. */
export const withoutKafka: string | false = await reasonToSkip()

export interface TestKafka {
  /** A home of its own in a temporary folder. */
  readonly home: string
  readonly brokers: readonly string[]
  readonly pids: readonly number[]
  stop(): Promise<void>
}

/**
 * A real Kafka for one test file, on free ports; `stop` leaves nothing behind.
 *
 * @param nodes three replicate threefold
 * @param release another Kafka than the one that Windsock runs
 */
export async function startTestKafka(nodes: 1 | 3 = 1, release?: KafkaRelease): Promise<TestKafka> {
  const home = await mkdtemp(join(tmpdir(), 'windsock-test-'))
  const kafka = await startLocalKafka({
    home,
    nodes,
    cacheDir: defaultCacheDir(process.env, release?.version),
    ...(release === undefined ? {} : { release }),
    logger: silentLogger,
    env: process.env,
  })
  return {
    home,
    brokers: kafka.brokers,
    pids: kafka.pids,
    async stop() {
      await kafka.stop()
      await rm(home, { recursive: true, force: true })
    },
  }
}

async function reasonToSkip(): Promise<string | false> {
  const maven = await findExecutable('mvn', process.env)
  const java = await findJava(process.env).catch(() => undefined)
  return java !== undefined && maven !== undefined
    ? false
    : 'needs Java 17+ and Maven: apt-get install openjdk-17-jre-headless maven'
}
