import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Broker } from '../src/broker/broker.ts'
import { createKafkaBroker } from '../src/broker/kafka/kafka-broker.ts'
import { defaultCacheDir } from '../src/broker/kafka/server/cache-dir.ts'
import { ensureJars } from '../src/broker/kafka/server/jars.ts'
import { findJava, type Java } from '../src/broker/kafka/server/java.ts'
import { startLocalKafka } from '../src/broker/kafka/server/local-kafka.ts'
import { describeError } from '../src/foundation/errors.ts'
import { silentLogger } from '../src/foundation/logger.ts'
import type { Place } from './engine.ts'

/** A machine prepared for measuring: one Kafka of its own for all that is measured in one run. */
export interface Bench {
  readonly broker: Broker
  readonly brokers: readonly string[]
  readonly place: Place
  readonly java: Java
  readonly rounds: number
  /** Also ends when Kafka does, with the reason. */
  readonly signal: AbortSignal
  /** A name, and a folder of that name, which no other run has. */
  createRun(): Promise<{ readonly id: string; readonly folder: string }>
  /** What they hold is no longer needed. One that stays is said and costs room only: it must not hide what else went wrong. */
  dropTopics(names: readonly string[]): Promise<void>
  /** Ends Kafka and removes all that was written. */
  close(): Promise<void>
}

export interface StartOptions {
  readonly rounds: number
  readonly signal: AbortSignal
  readonly say: (line: string) => void
}

const kafkaHeapMiB = 1024

export async function startBench(options: StartOptions): Promise<Bench> {
  const home = await mkdtemp(join(tmpdir(), 'windsock-bench-'))
  try {
    return await startIn(home, options)
  } catch (error) {
    await rm(home, { recursive: true, force: true })
    throw error
  }
}

async function startIn(home: string, { rounds, signal, say }: StartOptions): Promise<Bench> {
  const { env } = process
  const cacheDir = defaultCacheDir(env)
  const java = await findJava(env)
  const brokerClassPath = await ensureJars({ cacheDir, java, env, logger: silentLogger })
  const kafka = await startLocalKafka({
    home,
    cacheDir,
    java,
    env,
    signal,
    logger: silentLogger,
    heapMiB: kafkaHeapMiB,
  })
  const crash = new AbortController()
  void kafka.exited.then((error) => error === undefined || crash.abort(error))
  const broker = createKafkaBroker({ brokers: kafka.brokers })
  return {
    broker,
    brokers: kafka.brokers,
    place: { cacheFolder: dirname(cacheDir), temporaryFolder: home, java: java.path, brokerClassPath, say },
    java,
    rounds,
    signal: AbortSignal.any([signal, crash.signal]),
    async createRun() {
      const id = `bench-${randomUUID().slice(0, 8)}`
      const folder = join(home, id)
      await mkdir(folder)
      return { id, folder }
    },
    async dropTopics(names) {
      try {
        await broker.admin.deleteTopics(names)
      } catch (error) {
        say(`topics were not deleted: ${describeError(error)}`)
      }
    },
    async close() {
      await broker.close()
      await kafka.stop()
      await rm(home, { recursive: true, force: true })
    },
  }
}
