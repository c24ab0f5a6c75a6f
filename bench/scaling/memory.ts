import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { OutgoingRecord } from '../../src/broker/broker.ts'
import { describeError } from '../../src/foundation/errors.ts'
import { stateTopic } from '../../src/topics/state.ts'
import type { Bench } from '../bench.ts'
import { windsock } from '../engines/windsock.ts'
import { prepareFlightsDrain } from '../jobs/flights-drain.ts'
import type { FlightRecords } from '../jobs/flight-records.ts'
import { spansOf } from '../jobs/job.ts'
import { readTopic } from '../jobs/read-topic.ts'
import { significant } from '../percentiles.ts'
import { smallYoungGeneration } from '../process/node-command.ts'
import { ProcessMeter } from '../process/process-meter.ts'
import { lastWords } from '../process/run-task.ts'
import { toJobRow } from '../report.ts'
import { prepareEngine, runRound } from '../run-job.ts'

/** The most memory a consumer ever had resident, with all of the topic still to be read. */
export interface MemoryRow {
  /** `drain` as in the job; `analyse` is the command, with its states kept and its results sent. */
  readonly what: 'drain' | 'analyse'
  readonly partitions: number
  readonly keys: number
  readonly records: number
  readonly peakMemoryMiB: number | null
  readonly cpuSecondsPerMillion: number | null
  readonly correct: boolean
  readonly failed?: string
}

export interface MemoryPlan {
  readonly partitions: readonly number[]
  readonly keys: readonly number[]
  readonly records: number
}

export async function* measureMemory(
  bench: Bench,
  flights: FlightRecords,
  plan: MemoryPlan,
): AsyncGenerator<MemoryRow> {
  const launcher = await prepareEngine(bench, windsock)
  if (typeof launcher === 'string') throw new Error(launcher)
  for (const partitions of plan.partitions) {
    const topic = {
      name: `memory-partitions-${partitions}`,
      partitions,
      records: plan.records,
      spread: 'even',
    } as const
    const job = await prepareFlightsDrain(bench, flights, topic)
    const variant = { mode: 'checked', processes: 1 }
    const row = toJobRow('windsock', variant, [await runRound(bench, job, { engine: windsock, variant, launcher })])
    yield {
      what: 'drain',
      partitions,
      keys: job.groups,
      records: job.records,
      peakMemoryMiB: row.peakMemoryMiB,
      cpuSecondsPerMillion: row.cpuSecondsPerMillion,
      correct: row.correct,
      ...(row.failed === undefined ? {} : { failed: row.failed }),
    }
    await bench.dropTopics([topic.name])
    bench.place.say(`memory with ${partitions} partitions: ${row.failed ?? `${row.peakMemoryMiB} MiB`}`)
  }
  for (const keys of plan.keys) {
    const row = await measureKeys(bench, keys, Math.max(keys, plan.records))
    yield row
    bench.place.say(`memory with ${keys} keys: ${row.failed ?? `${row.peakMemoryMiB} MiB`}`)
  }
}

const partitions = 4
const mainFile = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const recordsPerSend = 5_000
const resultsWithinMs = 120_000
const analyseWithinMs = 600_000

async function measureKeys(bench: Bench, keys: number, records: number): Promise<MemoryRow> {
  const topic = `memory-keys-${keys}`
  await bench.broker.admin.ensureTopics([{ name: topic, partitions, cleanup: 'delete', retentionMs: -1 }])
  const publisher = bench.broker.openPublisher('bench')
  for (let first = 0; first < records; first += recordsPerSend) {
    const length = Math.min(recordsPerSend, records - first)
    bench.signal.throwIfAborted()
    await publisher.send(
      topic,
      Array.from({ length }, (_, index) => shortFlight((first + index) % keys)),
    )
  }
  await publisher.close()
  const { peakMemoryMiB, cpuSeconds, failed } = await runAnalyse(bench, topic)
  const fault = failed ?? (await findFault(bench, topic, keys, records).catch(describeError))
  bench.signal.throwIfAborted()
  const results = `flights-per-day-of-${topic}`
  await bench.dropTopics([topic, results, stateTopic(results, partitions).name])
  return {
    what: 'analyse',
    partitions,
    keys,
    records,
    peakMemoryMiB: significant(peakMemoryMiB),
    cpuSecondsPerMillion: significant((cpuSeconds * 1e6) / records),
    correct: fault === undefined,
    ...(fault === undefined ? {} : { failed: fault }),
  }
}

/** A flight with nothing but what it must have. */
function shortFlight(key: number): OutgoingRecord {
  const airline = `A${key}`
  return { key: airline, value: `{"YEAR":2015,"MONTH":1,"DAY":1,"AIRLINE":"${airline}","ts":1420070400.123}` }
}

/** `windsock analyse --until-end` as a process; its CPU is that of its whole life. */
async function runAnalyse(
  bench: Bench,
  topic: string,
): Promise<{ peakMemoryMiB: number; cpuSeconds: number; failed: string | undefined }> {
  const { folder } = await bench.createRun()
  const args = ['analyse', 'flights-per-day', '--until-end', '--topic', topic, '--brokers', bench.brokers.join(',')]
  const child = spawn(process.execPath, [smallYoungGeneration, mainFile, ...args, '--home', join(folder, 'home')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    signal: AbortSignal.any([bench.signal, AbortSignal.timeout(analyseWithinMs)]),
    killSignal: 'SIGKILL',
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4_000)))
  const meter = new ProcessMeter(child.pid ?? 0)
  child.on('error', () => {}) // how it ended says the same
  const [code, how] = await new Promise<[number | null, string | null]>((resolve) =>
    child.once('close', (...end) => resolve(end)),
  )
  meter.stop()
  bench.signal.throwIfAborted()
  const failed = code === 0 ? undefined : `windsock analyse ended with ${code ?? how}: ${lastWords(said)}`
  return { peakMemoryMiB: meter.peakMemoryMiB, cpuSeconds: meter.cpuInAll, failed }
}

async function findFault(bench: Bench, topic: string, keys: number, records: number): Promise<string | undefined> {
  const results = `flights-per-day-of-${topic}`
  const newest = new Map<string, number>()
  await readTopic({
    brokers: bench.brokers,
    topic: results,
    isolation: 'committed',
    signal: AbortSignal.timeout(resultsWithinMs),
    ends: (await spansOf(bench.broker, results)).map(({ to }) => to),
    onRecord: (value) => {
      const result: { airline: string; flights: number } = JSON.parse(String(value))
      newest.set(result.airline, result.flights)
    },
  })
  const flights = [...newest.values()].reduce((sum, count) => sum + count, 0)
  if (newest.size !== keys) return `results for ${newest.size} keys instead of ${keys}`
  return flights === records ? undefined : `${flights} flights counted instead of ${records}`
}
