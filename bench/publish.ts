/**
 * How fast `windsock publish flights --max` is from CSV to acknowledged, beside Kafka's own ProducerPerformance, which makes
 * its records out of nothing: same broker, same run, records of the same size, acknowledged by all, idempotent.
 *
 *   node scripts/run.mjs bench/publish.ts [--rounds N] [--file FLIGHTS.csv.gz]
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { createKafkaBroker } from '../src/broker/kafka/kafka-broker.ts'
import { defaultCacheDir } from '../src/broker/kafka/server/cache-dir.ts'
import { ensureJars } from '../src/broker/kafka/server/jars.ts'
import { findJava } from '../src/broker/kafka/server/java.ts'
import { startLocalKafka } from '../src/broker/kafka/server/local-kafka.ts'
import { silentLogger } from '../src/foundation/logger.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    file: { type: 'string', default: join(root, 'data/flights-2015-01-01-to-03.csv.gz') },
  },
})
/** The committed file is small: sent so many times, starting up weighs little. */
const timesSent = values.file.includes('2015-01-01') ? 8 : 1

interface Measured {
  readonly recordsPerSecond: number
  readonly bytesPerRecord: number
  readonly records: number
}

const home = await mkdtemp(join(tmpdir(), 'windsock-bench-'))
const cacheDir = defaultCacheDir(process.env)
const java = await findJava(process.env)
const classPath = await ensureJars({ cacheDir, java, env: process.env, logger: silentLogger })
const kafka = await startLocalKafka({ home, cacheDir, logger: silentLogger, env: process.env })
try {
  const address = kafka.brokers.join(',')
  const ratios: number[] = []
  for (let round = 1; round <= Number(values.rounds); round++) {
    const ours = await publish(address, `ours-${round}`)
    const theirs = await producerPerformance(address, `theirs-${round}`, ours)
    const ratio = ours.recordsPerSecond / theirs
    ratios.push(ratio)
    console.log(
      `round ${round}: windsock publish ${perSecond(ours.recordsPerSecond)} of ${Math.round(ours.bytesPerRecord)} bytes, ` +
        `ProducerPerformance ${perSecond(theirs)}, ratio ${ratio.toFixed(2)}`,
    )
  }
  const median = ratios.toSorted((a, b) => a - b)[Math.floor(ratios.length / 2)] ?? 0
  console.log(`median ratio ${median.toFixed(2)}`)
} finally {
  await kafka.stop()
  await rm(home, { recursive: true, force: true })
}

async function publish(address: string, topic: string): Promise<Measured> {
  const files = Array.from({ length: timesSent }, () => ['--file', values.file]).flat()
  const args = [
    'publish',
    'flights',
    ...files,
    '--max',
    '--json',
    '--topic',
    topic,
    '--brokers',
    address,
    '--home',
    home,
  ]
  const { stdout } = await run(process.execPath, [join(root, 'scripts/windsock.mjs'), ...args])
  const totals: unknown = JSON.parse(stdout)
  const [records, bytes, seconds] = ['acknowledged', 'bytes', 'seconds'].map((name) => numberIn(totals, name))
  if (records === undefined || bytes === undefined || seconds === undefined) throw new Error(`no totals in ${stdout}`)
  return { records, recordsPerSecond: records / seconds, bytesPerRecord: bytes / records }
}

/** Its records a second, as it reports them at its end. */
async function producerPerformance(address: string, topic: string, like: Measured): Promise<number> {
  const broker = createKafkaBroker({ brokers: [address] })
  await broker.admin.ensureTopics([{ name: topic, partitions: 4, cleanup: 'delete', retentionMs: -1 }])
  await broker.close()
  const { stdout } = await run(java.path, [
    '-cp',
    classPath,
    'org.apache.kafka.tools.ProducerPerformance',
    '--topic',
    topic,
    '--num-records',
    String(like.records),
    '--record-size',
    String(Math.round(like.bytesPerRecord)),
    '--throughput',
    '-1',
    '--producer-props',
    `bootstrap.servers=${address}`,
    'acks=all',
    'enable.idempotence=true',
    'batch.size=131072',
  ])
  const rates = [...stdout.matchAll(/records sent, ([\d.]+) records\/sec/g)].map(([, rate]) => Number(rate))
  const last = rates.at(-1)
  if (last === undefined) throw new Error(`no rate in ${stdout}`)
  return last
}

function numberIn(value: unknown, name: string): number | undefined {
  const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
  return typeof found === 'number' ? found : undefined
}

function perSecond(value: number): string {
  return `${Math.round(value).toLocaleString('en')}/s`
}
