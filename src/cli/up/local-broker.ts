import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Broker } from '../../broker/broker.ts'
import { createKafkaBroker } from '../../broker/kafka/kafka-broker.ts'
import { defaultCacheDir } from '../../broker/kafka/server/cache-dir.ts'
import { stopLocalKafka } from '../../broker/kafka/server/local-kafka-status.ts'
import { type LocalKafka, startLocalKafka } from '../../broker/kafka/server/local-kafka.ts'
import { createMemoryBroker } from '../../broker/memory/memory-broker.ts'
import { describeError } from '../../foundation/errors.ts'
import { createLogger } from '../../foundation/logger.ts'
import type { CommandContext } from '../command.ts'
import { nodesOf } from '../commands/broker.ts'
import { connect, homeOf, namedBrokers } from '../connect.ts'

/** The broker of `up`, and how it ends. */
export interface UpBroker {
  readonly broker: Broker
  /** Whether it is ours to begin anew. */
  readonly isOurs: boolean
  readonly pids: () => readonly number[]
  /** Called when another process stands for the broker. */
  onRestart: () => void
  stop(): Promise<void>
}

/** A cluster that was named, the in-process log, or a local Kafka that is started and kept running. */
export async function openBroker(context: CommandContext, step: (text: string) => void): Promise<UpBroker> {
  const { config } = context
  if (config.text('broker') === 'memory') {
    const broker = createMemoryBroker()
    return { broker, isOurs: true, pids: () => [], onRestart() {}, stop: () => broker.close() }
  }
  if (namedBrokers(config) !== undefined) {
    const broker = await connect(config)
    return { broker, isOurs: false, pids: () => [], onRestart() {}, stop: () => broker.close() }
  }
  return startAndKeep(context, step)
}

const firstPauseMs = 200
const longestPauseMs = 5_000

async function startAndKeep(context: CommandContext, step: (text: string) => void): Promise<UpBroker> {
  const { config, env, signal } = context
  const nodes = nodesOf(config.number('nodes'))
  const start = (): Promise<LocalKafka> =>
    startLocalKafka({
      home: homeOf(config),
      cacheDir: defaultCacheDir(env),
      logger: createLogger('kafka', step),
      env,
      signal,
      ...(nodes === undefined ? {} : { nodes }),
    })
  let kafka = await start()
  const stopping = new AbortController()
  const keep = async (onRestart: () => void): Promise<void> => {
    let pauseMs = firstPauseMs
    for (;;) {
      const crash = await kafka.exited
      if (crash === undefined || stopping.signal.aborted) return
      step(`the broker died (${crash.message}); it starts again`)
      while (!stopping.signal.aborted) {
        try {
          kafka = await start()
          step(`the broker is ready again on ${kafka.brokers.join(',')}`)
          pauseMs = firstPauseMs
          onRestart()
          break
        } catch (error) {
          step(`the broker does not start: ${describeError(error)}`)
          await new Promise((resolve) => setTimeout(resolve, pauseMs))
          pauseMs = Math.min(longestPauseMs, pauseMs * 2)
        }
      }
    }
  }
  const broker = createKafkaBroker({ brokers: kafka.brokers })
  const upBroker: UpBroker = {
    broker,
    isOurs: true,
    pids: () => kafka.pids,
    onRestart() {},
    async stop() {
      stopping.abort()
      await broker.close()
      await kafka.stop()
      await keeping
    },
  }
  const keeping = keep(() => upBroker.onRestart())
  return upBroker
}

/** Forgets the local broker's data and the states computed from it; logs of earlier runs stay. */
export async function forgetLocal(home: string, step: (text: string) => void): Promise<void> {
  await stopLocalKafka(home, { logger: createLogger('kafka', step) })
  for (const folder of ['broker', 'state']) await rm(join(home, folder), { recursive: true, force: true })
}
