import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultCacheDir } from '../../src/broker/kafka/server/cache-dir.ts'
import type { KafkaRelease } from '../../src/broker/kafka/server/kafka-release.ts'
import { findJava } from '../../src/broker/kafka/server/java.ts'
import { startLocalKafka } from '../../src/broker/kafka/server/local-kafka.ts'
import { findExecutable } from '../../src/broker/kafka/server/find-executable.ts'
import { silentLogger } from '../../src/foundation/logger.ts'
import { isRunning, until } from './until.ts'

/** The reason to skip what needs a real broker, or false where one can run. */
export const withoutKafka: string | false = await reasonToSkip()

export interface TestKafka {
  /** A home of its own in a temporary folder. */
  readonly home: string
  readonly brokers: readonly string[]
  readonly pids: readonly number[]
  /** As a crash of the machine would, all nodes at once; resolves when they answer again, on the same ports with what they had. */
  killAndRestart(): Promise<void>
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
  const options = {
    home,
    nodes,
    cacheDir: defaultCacheDir(process.env, release?.version),
    ...(release === undefined ? {} : { release }),
    logger: silentLogger,
    env: process.env,
  }
  let kafka = await startLocalKafka(options)
  return {
    home,
    brokers: kafka.brokers,
    get pids() {
      return kafka.pids
    },
    async killAndRestart() {
      for (const pid of kafka.pids) process.kill(pid, 'SIGKILL')
      // On a busy machine a killed process still runs for a moment, and would be adopted.
      for (const pid of kafka.pids) await until(`the end of ${pid}`, async () => !(await isRunning(pid)))
      kafka = await startLocalKafka(options)
    },
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
