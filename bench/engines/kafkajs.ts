/** kafkajs, unmaintained and still the fastest Node client with `JSON.parse`: whole batches, megabyte fetches. */
import type { DrainTask, Engine, Report } from '../engine.ts'
import { installPackages, packagesVariable, requireInstalled } from '../installed/packages.ts'
import { largeYoungGeneration, nodeCommand } from '../process/node-command.ts'
import { serveTask } from '../process/serve-task.ts'
import { type BatchClient, drainInBatches } from './batch-client.ts'

export const kafkajs: Engine = {
  name: 'kafkajs',
  variants: { 'flights-drain': [{ mode: 'json-parse', processes: 1 }] },
  async prepare(place) {
    const folder = await installPackages(place)
    const env = { [packagesVariable]: folder, KAFKAJS_NO_PARTITIONER_WARNING: '1' }
    return { command: (task) => nodeCommand(import.meta.url, task, { flags: [largeYoungGeneration], env }) }
  },
}

interface Package {
  readonly Kafka: new (options: object) => BatchClient
}

async function drain(task: DrainTask): Promise<Report> {
  const { Kafka }: Package = requireInstalled()('kafkajs')
  const client = new Kafka({ clientId: task.id, brokers: task.brokers, logLevel: 1 })
  const consumer = client.consumer({ groupId: task.id, maxBytesPerPartition: 1_048_576, maxBytes: 4_194_304 })
  return drainInBatches(consumer, task, { subscription: { fromBeginning: true }, run: { autoCommit: false } })
}

if (import.meta.main) await serveTask({ 'flights-drain': drain })
