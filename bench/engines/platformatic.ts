/** @platformatic/kafka by its consumer stream, with the small fetches that are its fastest, and `JSON.parse`. */
import { Consumer, MessagesStreamModes, ProduceAcks, Producer } from '@platformatic/kafka'
import { type BarsTask, type DrainTask, type Engine, type Report, recordsIn } from '../engine.ts'
import { epochMs } from '../process/clock.ts'
import { largeYoungGeneration, nodeCommand } from '../process/node-command.ts'
import { serveTask } from '../process/serve-task.ts'
import { FlightCounter, Indicators, type Outgoing } from './parsed-records.ts'

export const platformatic: Engine = {
  name: 'platformatic',
  variants: {
    'flights-drain': [{ mode: 'json-parse', processes: 1 }],
    'bars-indicators': [{ mode: 'json-parse', processes: 1 }],
  },
  prepare: async () => ({ command: (task) => nodeCommand(import.meta.url, task, { flags: [largeYoungGeneration] }) }),
}

const fetchBytes = 1_048_576

async function consume(task: DrainTask | BarsTask) {
  const consumer = new Consumer({
    clientId: task.id,
    groupId: task.id,
    bootstrapBrokers: [...task.brokers],
    autocommit: false,
    maxBytes: fetchBytes,
    minBytes: 1,
    maxWaitTime: 500,
  })
  const stream = await consumer.consume({ topics: [task.topic], mode: MessagesStreamModes.EARLIEST })
  return { consumer, stream }
}

async function drain(task: DrainTask): Promise<Report> {
  const expected = recordsIn(task.spans)
  const counter = new FlightCounter()
  const { consumer, stream } = await consume(task)
  let from = 0
  await new Promise<void>((resolve, reject) => {
    stream.on('error', reject)
    stream.on('data', ({ value }) => {
      if (from === 0) from = epochMs()
      counter.take(value)
      if (counter.records === expected) resolve()
    })
  })
  const to = epochMs()
  await consumer.close(true)
  return { from, to, records: counter.records, counts: counter.counts() }
}

/** How many bars are worked on before their results are sent in one request. */
const barsPerSend = 2_000

async function indicators(task: BarsTask): Promise<Report> {
  const expected = recordsIn(task.spans)
  const indicator = new Indicators(task.results)
  const producer = new Producer({
    clientId: task.id,
    bootstrapBrokers: [...task.brokers],
    idempotent: true,
    acks: ProduceAcks.ALL,
  })
  const { consumer, stream } = await consume(task)
  let from = 0
  let records = 0
  let pending: Outgoing[] = []
  // One request is under way while the next bars are worked on.
  let sending: Promise<unknown> = Promise.resolve()
  for await (const { value } of stream) {
    if (from === 0) from = epochMs()
    indicator.take(value, pending)
    records++
    if (records % barsPerSend !== 0 && records !== expected) continue
    const messages = pending.map(({ topic, key, value: text }) => ({
      topic,
      key: Buffer.from(key),
      value: Buffer.from(text),
    }))
    pending = []
    await sending
    sending = messages.length === 0 ? Promise.resolve() : producer.send({ messages })
    if (records === expected) break
  }
  await sending
  const to = epochMs()
  await producer.close()
  await consumer.close(true)
  return { from, to, records }
}

if (import.meta.main) await serveTask({ 'flights-drain': drain, 'bars-indicators': indicators })
