import type { Broker } from '../../src/broker/broker.ts'
import type { Engine, JobName, PartitionSpan, Report, Task } from '../engine.ts'

/** A job whose topic is filled and whose truth is known. */
export interface PreparedJob {
  readonly name: JobName
  readonly records: number
  readonly spans: readonly PartitionSpan[]
  /** The task of one run, its result topics made anew. */
  createTask(run: RunPlace, engine: Engine): Promise<Task>
  /** Why a run's results are wrong; undefined when all of them are right. */
  findFault(task: Task, reports: readonly Report[], engine: Engine): Promise<string | undefined>
}

/** What every task of one run is given. */
export interface RunPlace {
  readonly id: string
  readonly mode: string
  readonly folder: string
}

export interface JobPlace {
  readonly broker: Broker
  readonly brokers: readonly string[]
  /** Ends the filling of a topic. */
  readonly signal: AbortSignal
}

/** Every partition as a whole. */
export async function spansOf(broker: Broker, topic: string): Promise<PartitionSpan[]> {
  const { partitions } = await broker.admin.describeTopic(topic)
  return partitions.map(({ partition, start, end }) => ({ partition, from: start, to: end }))
}
