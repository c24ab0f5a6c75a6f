import type { OutgoingRecord } from '../../src/broker/broker.ts'
import { createPartitioner } from '../../src/model/partition.ts'
import type { DrainTask } from '../engine.ts'
import { FlightCounts } from '../truth/flight-counts.ts'
import type { FlightRecords } from './flight-records.ts'
import { type JobPlace, type PreparedJob, spansOf } from './job.ts'

/** As many as `windsock publish --max` sends at once. */
const recordsPerSend = 2_000

export interface FlightsTopic {
  readonly name: string
  readonly partitions: number
  readonly records: number
  /** Left out, the airline decides; there are 14 of them, so of many partitions most would be empty. */
  readonly spread?: 'even'
}

export interface FlightsDrain extends PreparedJob {
  /** How many airlines and days there are. */
  readonly groups: number
}

/** Fills a topic with flights keyed by airline, and keeps which group each of them belongs to. */
export async function prepareFlightsDrain(
  { broker, brokers, signal }: JobPlace,
  flights: FlightRecords,
  topic: FlightsTopic,
): Promise<FlightsDrain> {
  const { name, partitions, records, spread } = topic
  await broker.admin.ensureTopics([{ name, partitions, cleanup: 'delete', retentionMs: -1 }])
  const truth = new FlightCounts(partitions)
  const partitionOf = createPartitioner(partitions)
  const publisher = broker.openPublisher('bench')
  for (let first = 0; first < records; first += recordsPerSend) {
    signal.throwIfAborted()
    const sending: OutgoingRecord[] = []
    for (let index = first; index < Math.min(records, first + recordsPerSend); index++) {
      const { airline, group, value } = flights.at(index)
      const partition = spread === 'even' ? index % partitions : partitionOf(airline)
      truth.add(partition, group)
      sending.push({ key: airline, value, partition })
    }
    await publisher.send(name, sending)
  }
  await publisher.close()
  const spans = await spansOf(broker, name)
  const wrong = spans.find(({ partition, to }) => to !== truth.recordsIn(partition))
  if (wrong !== undefined) {
    throw new Error(`${name}/${wrong.partition} has ${wrong.to} records, sent were ${truth.recordsIn(wrong.partition)}`)
  }
  return {
    name: 'flights-drain',
    records,
    groups: truth.countsOf(spans).size,
    spans,
    createTask: async (run): Promise<DrainTask> => ({
      ...run,
      job: 'flights-drain',
      brokers,
      topic: name,
      spans,
      process: { index: 0, of: 1 },
    }),
    findFault: async (task, reports) => truth.findFault(task.spans, reports),
  }
}
