/**
 * Sends records at the times of a schedule, whatever becomes of them (open loop): when something stalls, the records that are
 * due meanwhile are sent as soon as it goes on, and their latency counts from when they were due.
 */
import { once } from 'node:events'
import { setImmediate, setTimeout as delay } from 'node:timers/promises'
import type { OutgoingRecord } from '../../src/broker/broker.ts'
import { createKafkaBroker } from '../../src/broker/kafka/kafka-broker.ts'
import { readFlightRecords } from '../jobs/flight-records.ts'
import { monotonicMs } from '../process/clock.ts'

export interface SenderPlan {
  readonly brokers: readonly string[]
  readonly topic: string
  /** Records a second. */
  readonly rate: number
  readonly records: number
  /** The first ones, sent at once; the schedule begins behind them, at a line on the input. */
  readonly primingRecords: number
}

export interface SenderMessage {
  /** When the first record of the schedule was due, on the machine's monotonic clock. */
  readonly startMs: number
  /** The most that a record was given to the client later than it was due. */
  readonly lateMsMax: number
}

/** So many at once when it is behind, so that what has become due meanwhile is looked at now and then. */
const recordsPerSendMax = 1_000
/** The client is given no more than so many that are not acknowledged: further ones wait here, and are late. */
const unacknowledgedMax = 100_000
/** What timers can do. Waiting more finely would take a whole core from what is measured. */
const tickMs = 1

async function send({ brokers, topic, rate, records, primingRecords }: SenderPlan): Promise<SenderMessage> {
  const flights = await readFlightRecords()
  const broker = createKafkaBroker({ brokers })
  const publisher = broker.openPublisher('bench-sender')
  const outgoing = (index: number): OutgoingRecord => {
    const { airline, value } = flights.at(index)
    return { key: airline, value }
  }
  const slice = (from: number, to: number): OutgoingRecord[] =>
    Array.from({ length: to - from }, (_, order) => outgoing(from + order))
  await publisher.send(topic, slice(0, primingRecords))
  await once(process.stdin, 'data')
  const startMs = monotonicMs() + 20
  let lateMsMax = 0
  const unacknowledged = new Set<Promise<void>>()
  let acknowledged = primingRecords
  for (let next = primingRecords; next < records;) {
    const sinceMs = monotonicMs() - startMs
    const due = Math.min(records, primingRecords + Math.floor((sinceMs * rate) / 1000) + 1, next + recordsPerSendMax)
    if (due <= next || sinceMs < 0) {
      await delay(tickMs)
      continue
    }
    if (due - acknowledged > unacknowledgedMax) {
      await Promise.race(unacknowledged)
      continue
    }
    lateMsMax = Math.max(lateMsMax, sinceMs - ((next - primingRecords) * 1000) / rate)
    const count = due - next
    const sending: Promise<void> = publisher.send(topic, slice(next, due)).then(() => {
      acknowledged += count
      unacknowledged.delete(sending)
    })
    unacknowledged.add(sending)
    next = due
    await setImmediate() // to the sockets, also when the next ones are due already
  }
  await Promise.all(unacknowledged)
  await broker.close()
  process.stdin.destroy()
  return { startMs, lateMsMax }
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await send(JSON.parse(process.argv[2] ?? '')))}\n`)
