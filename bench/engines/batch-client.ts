import { type DrainTask, type Report, recordsIn } from '../engine.ts'
import { epochMs } from '../process/clock.ts'
import { FlightCounter } from './parsed-records.ts'

/** What is used of kafkajs and of those that took over its interface. Their own types are not installed here. */
export interface BatchClient {
  consumer(options: object): BatchConsumer
}

interface BatchConsumer {
  connect(): Promise<void>
  subscribe(options: { readonly topics: readonly string[]; readonly fromBeginning?: boolean }): Promise<void>
  run(options: RunOptions): Promise<void>
  disconnect(): Promise<void>
}

interface RunOptions {
  readonly autoCommit?: boolean
  readonly partitionsConsumedConcurrently: number
  eachBatch(payload: { readonly batch: { readonly messages: readonly { readonly value: Buffer }[] } }): Promise<void>
}

export interface BatchSettings {
  readonly subscription: { readonly fromBeginning?: boolean }
  readonly run: { readonly autoCommit?: boolean }
}

/** Counts the flights of a topic, batch by batch, all partitions at once. */
export async function drainInBatches(
  consumer: BatchConsumer,
  task: DrainTask,
  { subscription, run }: BatchSettings,
): Promise<Report> {
  const expected = recordsIn(task.spans)
  const counter = new FlightCounter()
  const { promise: done, resolve } = Promise.withResolvers<void>()
  let from = 0
  await consumer.connect()
  await consumer.subscribe({ topics: [task.topic], ...subscription })
  await consumer.run({
    ...run,
    partitionsConsumedConcurrently: 4,
    async eachBatch({ batch }) {
      if (from === 0) from = epochMs()
      for (const { value } of batch.messages) counter.take(value)
      if (counter.records >= expected) resolve()
    },
  })
  await done
  const to = epochMs()
  await consumer.disconnect()
  return { from, to, records: counter.records, counts: counter.counts() }
}
