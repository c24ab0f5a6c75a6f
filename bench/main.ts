/**
 * Measures this engine beside others, in one run on one Kafka. What is measured and how is in docs/benchmarks.md.
 *
 *   npm run bench -- [--full] [--json FILE] [--only PART[/ENGINE],…] [--records N] [--rounds N]
 */
import { writeFile } from 'node:fs/promises'
import { describeError } from '../src/foundation/errors.ts'
import { Attempts } from './attempts.ts'
import { type Bench, startBench } from './bench.ts'
import { engines } from './engines/all.ts'
import type { JobName } from './engine.ts'
import { prepareBarsIndicators } from './jobs/bars-indicators.ts'
import { readFlightRecords } from './jobs/flight-records.ts'
import { prepareFlightsDrain } from './jobs/flights-drain.ts'
import type { PreparedJob } from './jobs/job.ts'
import { type LatencyPlan, measureLatency } from './latency/measure-latency.ts'
import { describeMachine } from './machine.ts'
import { type BenchOptions, isChosen, parseBenchOptions, type PartName, usage } from './options.ts'
import { type BenchReport, isFaultless, type JobRow } from './report.ts'
import { runJob } from './run-job.ts'
import { measureLinearity } from './scaling/linearity.ts'
import { measureMemory, type MemoryPlan } from './scaling/memory.ts'
import { formatReport } from './table.ts'

interface Sizes {
  readonly flights: number
  readonly bars: number
  readonly latency: LatencyPlan
  readonly memory: MemoryPlan
}

const sizes: Readonly<Record<BenchOptions['size'], Sizes>> = {
  quick: {
    flights: 500_000,
    bars: 200_000,
    latency: { rates: [1_000, 10_000], warmUpSeconds: 25, seconds: 10 },
    memory: { partitions: [1, 10], keys: [1, 1_000], records: 100_000 },
  },
  full: {
    flights: 2_000_000,
    bars: 1_000_000,
    latency: { rates: [1_000, 10_000, 100_000], warmUpSeconds: 30, seconds: 30 },
    memory: { partitions: [1, 10, 100], keys: [1, 1_000, 1_000_000], records: 1_000_000 },
  },
}

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(name, () => stop.abort(new Error(`ended by ${name}`)))
}
// A reader that is gone (`| head`) must not leave a Kafka behind.
for (const stream of [process.stdout, process.stderr]) stream.on('error', (error) => stop.abort(error))

try {
  const options = parseBenchOptions(process.argv.slice(2))
  if (options.help) process.stdout.write(usage)
  else if (process.platform !== 'linux') throw new Error('it measures processes by /proc, which only Linux has')
  else await measure(options)
} catch (error) {
  process.stderr.write(`bench: ${describeError(error)}\n`)
  process.exitCode = 1
}

async function measure(options: BenchOptions): Promise<void> {
  const bench = await startBench({ rounds: options.rounds, signal: stop.signal, say })
  try {
    const report = await measureAll(bench, options)
    process.stdout.write(formatReport(report))
    if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(report, undefined, 2)}\n`)
    if (!isFaultless(report)) process.exitCode = 1
  } finally {
    await bench.close()
  }
}

async function measureAll(bench: Bench, options: BenchOptions): Promise<BenchReport> {
  const plan = sizes[options.size]
  const flights = await readFlightRecords()
  const jobs: Record<JobName, BenchReport['jobs'][JobName]> = { 'flights-drain': [], 'bars-indicators': [] }
  const records: Record<string, number> = {}
  const attempts = new Attempts(bench.signal, say)
  const rowsOf = async <Row>(part: PartName, rows: () => AsyncIterable<Row> | Promise<Row[]>): Promise<Row[]> =>
    isChosen(options, part) ? attempts.rowsOf(part, rows) : []

  const run = (job: PreparedJob): Promise<JobRow[]> => {
    records[job.name] = job.records
    const chosen = engines.filter(({ name }) => isChosen(options, job.name, name))
    return runJob(bench, job, chosen)
  }
  let linearity: BenchReport['linearity'] = []
  const ofFlights = (['flights-drain', 'linearity'] as const).filter((part) => isChosen(options, part))
  if (ofFlights.length > 0) {
    const count = options.records ?? plan.flights
    say(`filling a topic with ${count} flights`)
    const topic = { name: 'flights', partitions: 4, records: count }
    const job = await attempts.at(ofFlights, () => prepareFlightsDrain(bench, flights, topic))
    if (job !== undefined) {
      jobs['flights-drain'] = await rowsOf('flights-drain', () => run(job))
      linearity = await rowsOf('linearity', () => measureLinearity(bench, job))
      await bench.dropTopics([topic.name])
    }
  }
  jobs['bars-indicators'] = await rowsOf('bars-indicators', async () => {
    const bars = options.records ?? plan.bars
    say(`filling a topic with ${bars} bars`)
    const rows = await run(await prepareBarsIndicators(bench, { topic: 'bars', bars }))
    await bench.dropTopics(['bars'])
    return rows
  })
  const latency = await rowsOf('latency', () => measureLatency(bench, flights, plan.latency))
  const memory = await rowsOf('memory', () => measureMemory(bench, flights, memoryPlan(plan, options)))
  const settings = { size: options.size, rounds: options.rounds, records }
  const machine = describeMachine(bench.java)
  return { machine, settings, jobs, latency, memory, linearity, failed: attempts.failed }
}

function memoryPlan({ memory }: Sizes, { records }: BenchOptions): MemoryPlan {
  return records === undefined ? memory : { ...memory, records, keys: memory.keys.filter((keys) => keys <= records) }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
