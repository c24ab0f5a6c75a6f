import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describeError } from '../../src/foundation/errors.ts'
import { stateTopic } from '../../src/topics/state.ts'
import type { Bench } from '../bench.ts'
import type { FlightRecords } from '../jobs/flight-records.ts'
import { type Isolation, readTopic } from '../jobs/read-topic.ts'
import { percentile, significant } from '../percentiles.ts'
import { monotonicMs } from '../process/clock.ts'
import { smallYoungGeneration } from '../process/node-command.ts'
import { lastWords } from '../process/run-task.ts'
import { keptRateOf } from './kept-rate.ts'
import { LatencyTally } from './latency-tally.ts'
import type { SenderMessage, SenderPlan } from './send-on-schedule.ts'

/** From the moment a record was to be sent to the moment its result was read, at a rate of sending. */
export interface LatencyRow {
  readonly engine: 'windsock'
  readonly recordsPerSecond: number
  /** Whom the result was read by: `committed` waits for the end of transactions. */
  readonly readers: Isolation
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  readonly p999Ms: number | null
  readonly maxMs: number | null
  readonly records: number
  /** How late the sender itself was at worst, which is in the figures: it is part of the machine's load. */
  readonly senderLateMsMax: number | null
  /** What came of the rate, see `keptRateOf`. Where it was not kept, latencies grow with the length of the run and mean little. */
  readonly keptRecordsPerSecond: number | null
  readonly isRateKept: boolean
  readonly correct: boolean
  readonly failed?: string
}

export interface LatencyPlan {
  readonly rates: readonly number[]
  /** At the rate, but not counted. */
  readonly warmUpSeconds: number
  readonly seconds: number
}

/** Sent first, until their results are there: so that everything has been connected and run once. */
const primingRecords = 200
/** Results are waited for until so long none has come. */
const resultsWithinMs = 30_000
const isolations: readonly Isolation[] = ['uncommitted', 'committed']

const mainFile = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const senderFile = fileURLToPath(new URL('send-on-schedule.ts', import.meta.url))

/** Rates one after another: what the first ones came to is there when a later one cannot be measured. */
export async function* measureLatency(
  bench: Bench,
  flights: FlightRecords,
  plan: LatencyPlan,
): AsyncGenerator<LatencyRow> {
  for (const rate of plan.rates) {
    for (const row of await measureRate(bench, flights, rate, plan)) {
      bench.place.say(`latency at ${rate}/s, ${row.readers}: ${describeRow(row)}`)
      yield row
    }
  }
}

function describeRow({ p99Ms, failed, isRateKept, keptRecordsPerSecond }: LatencyRow): string {
  if (failed !== undefined) return `is wrong: ${failed}`
  return `p99 ${p99Ms} ms${isRateKept ? '' : `, but only ${keptRecordsPerSecond}/s were kept`}`
}

/** The real pipeline in its own process, the sender in another, and one reader of the results of each kind here. */
async function measureRate(
  bench: Bench,
  flights: FlightRecords,
  rate: number,
  plan: LatencyPlan,
): Promise<LatencyRow[]> {
  const { warmUpSeconds, seconds } = plan
  const topic = `latency-${rate}`
  const results = `flights-per-day-of-${topic}`
  const first = primingRecords + warmUpSeconds * rate
  const records = first + seconds * rate
  await bench.broker.admin.ensureTopics([
    { name: topic, partitions: 4, cleanup: 'delete', retentionMs: -1 },
    { name: results, partitions: 1, cleanup: 'compact', retentionMs: -1 },
  ])
  const groups = Array.from({ length: records }, (_, index) => flights.at(index).group)
  const tallies = isolations.map(() => new LatencyTally(groups))
  const stop = new AbortController()
  const signal = AbortSignal.any([bench.signal, stop.signal])
  const { folder } = await bench.createRun()
  const args = ['analyse', 'flights-per-day', '--topic', topic, '--brokers', bench.brokers.join(',')]
  const pipeline = start([smallYoungGeneration, mainFile, ...args, '--home', join(folder, 'home')])
  const sendPlan: SenderPlan = { brokers: bench.brokers, topic, rate, records, primingRecords }
  const sender = start([senderFile, JSON.stringify(sendPlan)])
  const reading = isolations.map((isolation, order) =>
    readTopic({
      brokers: bench.brokers,
      topic: results,
      isolation,
      signal,
      onRecord: (value) => {
        const result: { airline: string; day: string; flights: number } = JSON.parse(String(value))
        tallies[order]?.see(`${result.airline} ${result.day}`, result.flights, monotonicMs())
      },
    }),
  )
  for (const each of reading) each.catch(() => stop.abort()) // told below
  try {
    const failed = Promise.race([pipeline.failed, sender.failed, ...reading.map((each) => each.then(() => never()))])
    await Promise.race([failed, resultsOf(tallies, primingRecords)])
    if (tallies.some(({ seen }) => seen < primingRecords))
      throw new Error(`no results within ${resultsWithinMs / 1000} s`)
    sender.child.stdin?.write('go\n')
    const sent = await Promise.race([failed, sender.done])
    await Promise.race([failed, resultsOf(tallies, records)])
    return tallies.map((tally, order) => toRow(tally, order, sent))
  } catch (error) {
    bench.signal.throwIfAborted()
    return isolations.map((readers) => emptyRow(rate, readers, describeError(error)))
  } finally {
    stop.abort()
    await Promise.allSettled([...reading, pipeline.end(), sender.end()])
    await bench.dropTopics([topic, results, stateTopic(results, 4).name])
  }

  function toRow(tally: LatencyTally, order: number, sent: SenderMessage): LatencyRow {
    const readers = isolations[order] ?? 'uncommitted'
    const missing = records - tally.seen
    if (missing > 0) return emptyRow(rate, readers, `${missing} of ${records} records have no result`)
    const dueMs = (index: number): number => sent.startMs + ((index - primingRecords) * 1000) / rate
    const latencies = tally.latencies(first, dueMs)
    const kept = keptRateOf(latencies, rate)
    latencies.sort()
    return {
      engine: 'windsock',
      recordsPerSecond: rate,
      readers,
      p50Ms: significant(percentile(latencies, 0.5)),
      p99Ms: significant(percentile(latencies, 0.99)),
      p999Ms: significant(percentile(latencies, 0.999)),
      maxMs: significant(percentile(latencies, 1)),
      records: latencies.length,
      senderLateMsMax: significant(sent.lateMsMax),
      keptRecordsPerSecond: significant(kept.keptRecordsPerSecond),
      isRateKept: kept.isRateKept,
      correct: true,
    }
  }
}

function emptyRow(recordsPerSecond: number, readers: Isolation, failed: string): LatencyRow {
  return {
    engine: 'windsock',
    recordsPerSecond,
    readers,
    p50Ms: null,
    p99Ms: null,
    p999Ms: null,
    maxMs: null,
    records: 0,
    senderLateMsMax: null,
    keptRecordsPerSecond: null,
    isRateKept: false,
    correct: false,
    failed,
  }
}

interface Started {
  readonly child: ChildProcess
  /** What it printed as JSON at its end. */
  readonly done: Promise<SenderMessage>
  /** Rejects when it ends with an error. */
  readonly failed: Promise<never>
  end(): Promise<void>
}

function start(args: readonly string[]): Started {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let printed = ''
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4_000)))
  child.stdin.on('error', () => {}) // its end is told elsewhere
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const done = ended.then((): SenderMessage => JSON.parse(printed))
  const failed = ended.then((code) => {
    if (code === 0) return never()
    throw new Error(
      `${args.find((arg) => !arg.startsWith('-')) ?? ''} ended with ${code ?? child.signalCode}: ${lastWords(said)}`,
    )
  })
  for (const each of [done, failed]) each.catch(() => {}) // awaited by whoever is interested
  return {
    child,
    done,
    failed,
    async end() {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), 5_000)
      await ended
      clearTimeout(timer)
    },
  }
}

function never(): Promise<never> {
  return new Promise(() => {})
}

/** Resolves when so many records have a result for every reader, or none has got any for too long. */
async function resultsOf(tallies: readonly LatencyTally[], records: number): Promise<void> {
  let seen = 0
  let giveUpMs = 0
  while (tallies.some((tally) => tally.seen < records)) {
    const now = tallies.reduce((sum, tally) => sum + tally.seen, 0)
    if (now > seen || giveUpMs === 0) giveUpMs = monotonicMs() + resultsWithinMs
    else if (monotonicMs() > giveUpMs) return
    seen = now
    await delay(10)
  }
}
