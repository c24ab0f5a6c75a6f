/** The Confluent client (librdkafka) by its kafkajs interface, with the queue settings that keep it from stalling. */
import type { DrainTask, Engine, Report } from '../engine.ts'
import { buildConfluent } from '../installed/confluent-build.ts'
import { installPackages, packagesVariable, requireInstalled } from '../installed/packages.ts'
import { largeYoungGeneration, nodeCommand } from '../process/node-command.ts'
import { serveTask } from '../process/serve-task.ts'
import { type BatchClient, drainInBatches } from './batch-client.ts'

const packageName = '@confluentinc/kafka-javascript'

export const confluent: Engine = {
  name: 'confluent',
  variants: { 'flights-drain': [{ mode: 'json-parse', processes: 1 }] },
  async prepare(place) {
    const folder = await installPackages(place)
    await buildConfluent(folder, packageName, place)
    const settings = { flags: [largeYoungGeneration], env: { [packagesVariable]: folder } }
    return { command: (task) => nodeCommand(import.meta.url, task, settings) }
  },
}

interface Package {
  readonly KafkaJS: { readonly Kafka: new (options: object) => BatchClient }
}

async function drain(task: DrainTask): Promise<Report> {
  const { KafkaJS }: Package = requireInstalled()(packageName)
  const client = new KafkaJS.Kafka({ 'bootstrap.servers': task.brokers.join(','), log_level: 2 })
  const consumer = client.consumer({
    'group.id': task.id,
    'auto.offset.reset': 'earliest',
    'enable.auto.commit': false,
    'fetch.queue.backoff.ms': 2,
    'max.partition.fetch.bytes': 1_048_576,
    'queued.max.messages.kbytes': 65_536,
    'js.consumer.max.batch.size': -1,
  })
  return drainInBatches(consumer, task, { subscription: {}, run: {} })
}

if (import.meta.main) await serveTask({ 'flights-drain': drain })
