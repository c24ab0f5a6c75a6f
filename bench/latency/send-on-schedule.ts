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

/** Below the default request's size, and little enough that one request does not hold up the next ones for long. */
const recordsPerSendMax = 1_000

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
  for (let next = primingRecords; next < records;) {
    const sinceMs = monotonicMs() - startMs
    const due = Math.min(records, primingRecords + Math.floor((sinceMs * rate) / 1000) + 1, next + recordsPerSendMax)
    if (due <= next || sinceMs < 0) {
      await pause(startMs + ((next - primingRecords) * 1000) / rate - monotonicMs())
      continue
    }
    lateMsMax = Math.max(lateMsMax, sinceMs - ((next - primingRecords) * 1000) / rate)
    await publisher.send(topic, slice(next, due))
    next = due
  }
  await broker.close()
  process.stdin.destroy()
  return { startMs, lateMsMax }
}

/** A timer is late by up to a millisecond, so the last one is spent by going round. */
async function pause(ms: number): Promise<void> {
  if (ms > 2) await delay(ms - 1)
  else await setImmediate()
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await send(JSON.parse(process.argv[2] ?? '')))}\n`)
