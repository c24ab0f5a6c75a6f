import { join } from 'node:path'
import type { Broker } from '../broker/broker.ts'
import { createKafkaBroker } from '../broker/kafka/kafka-broker.ts'
import { localKafkaStatus } from '../broker/kafka/server/local-kafka-status.ts'
import { createMemoryBroker } from '../broker/memory/memory-broker.ts'
import { WindsockError } from '../foundation/errors.ts'
import type { Config } from './config.ts'

export function homeOf(config: Config): string {
  return config.text('home') ?? '.windsock'
}

/** Where the processes of a home keep which members of their groups they are. */
export function memberFolderOf(config: Config): string {
  return join(homeOf(config), 'members')
}

/** The cluster that was named, or undefined for the home's own. */
export function namedBrokers(config: Config): readonly string[] | undefined {
  const text = config.text('brokers')
  if (text === undefined) return undefined
  const brokers = text.split(',').map((each) => each.trim())
  for (const each of brokers) {
    const port = Number(/^(?:\[[^\]]+\]|[^:\s]+):(\d+)$/.exec(each)?.[1])
    if (!(port >= 1 && port <= 65_535)) {
      throw new WindsockError('usage', `--brokers takes host:port, several with commas between, got "${each}"`)
    }
  }
  return brokers
}

/**
 * Opens the broker that the options name: a cluster, the in-process log, or the local Kafka that runs from the home. It has
 * answered when this returns.
 *
 * @throws WindsockError `broker-unreachable` when there is none
 */
export async function connect(config: Config): Promise<Broker> {
  if (config.text('broker') === 'memory') return createMemoryBroker()
  const brokers = namedBrokers(config) ?? (await brokersOfHome(homeOf(config)))
  const broker = createKafkaBroker({ brokers })
  try {
    await broker.admin.probe()
    return broker
  } catch (error) {
    await broker.close()
    throw error
  }
}

async function brokersOfHome(home: string): Promise<readonly string[]> {
  const status = await localKafkaStatus(home)
  if (status.kind === 'running' || status.kind === 'degraded') return status.brokers
  throw new WindsockError('broker-unreachable', `no broker runs from ${home}`, {
    hint: 'Start everything with windsock up, the broker alone with windsock broker start, or name a cluster with --brokers host:port',
  })
}
