/**
 * What a record costs to send, in CPU of this process, beside the library's idempotent Producer: same broker, same run, same
 * records (texts of JavaScript), acknowledged by all, one request under way.
 *
 *   node scripts/run.mjs bench/send.ts [--rounds N] [--records N]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ProduceAcks, Producer } from '@platformatic/kafka'
import type { OutgoingRecord } from '../src/broker/broker.ts'
import { createKafkaBroker } from '../src/broker/kafka/kafka-broker.ts'
import { defaultCacheDir } from '../src/broker/kafka/server/cache-dir.ts'
import { startLocalKafka } from '../src/broker/kafka/server/local-kafka.ts'
import { silentLogger } from '../src/foundation/logger.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, records: { type: 'string', default: '400000' } },
})
const total = Number(values.records)
const frameRecords = 5_000
const valueBytes = [200, 637]

interface Measured {
  readonly cpuMicros: number
  readonly recordsPerSecond: number
}

const home = await mkdtemp(join(tmpdir(), 'windsock-bench-'))
const kafka = await startLocalKafka({
  home,
  cacheDir: defaultCacheDir(process.env),
  logger: silentLogger,
  env: process.env,
})
const broker = createKafkaBroker({ brokers: kafka.brokers })
const transactions = broker.openTransactions('bench')
try {
  await transactions.open()
  for (const bytes of valueBytes) {
    for (let round = 1; round <= Number(values.rounds); round++) {
      const results: [string, Measured][] = [
        ['publisher', await measure(bytes, publish)],
        ['transactions', await measure(bytes, publishInTransactions)],
        ['library', await measure(bytes, publishByLibrary)],
      ]
      for (const [name, { cpuMicros, recordsPerSecond }] of results) {
        const rate = Math.round(recordsPerSecond).toLocaleString('en')
        console.log(`${bytes} bytes, round ${round}, ${name}: ${cpuMicros.toFixed(2)} µs of CPU a record, ${rate}/s`)
      }
    }
  }
} finally {
  await broker.close()
  await kafka.stop()
  await rm(home, { recursive: true, force: true })
}

async function measure(
  bytes: number,
  work: (topic: string, frames: readonly OutgoingRecord[][]) => Promise<void>,
): Promise<Measured> {
  const topic = `bench-${work.name.toLowerCase()}-${bytes}`
  await broker.admin.deleteTopics([topic])
  await broker.admin.ensureTopics([{ name: topic, partitions: 4, cleanup: 'delete', retentionMs: -1 }])
  const frames = makeFrames(bytes)
  await work(topic, frames.slice(0, 2))
  const cpu = process.cpuUsage()
  const startedMs = performance.now()
  await work(topic, frames)
  const { user, system } = process.cpuUsage(cpu)
  return {
    cpuMicros: (user + system) / total,
    recordsPerSecond: total / ((performance.now() - startedMs) / 1000),
  }
}

function makeFrames(bytes: number): OutgoingRecord[][] {
  const keys = Array.from({ length: 400 }, (_, i) => `["S${i}"]`)
  return Array.from({ length: total / frameRecords }, (_, frame) =>
    Array.from({ length: frameRecords }, (_unused, index) => {
      const row = frame * frameRecords + index
      const value = JSON.stringify({ row, middle: row / 7, upper: row / 3, sentAt: 1_700_000_000_000 + row, pad: '' })
      const padded = `${value.slice(0, -2)}${'x'.repeat(bytes - value.length)}"}`
      // In one piece, as JSON.stringify gives it; V8 puts texts together late.
      return { key: keys[row % 400] ?? '', value: Buffer.from(padded).toString() }
    }),
  )
}

/** Two frames are under way, so that one is encoded while the other is acknowledged. */
async function publish(topic: string, frames: readonly OutgoingRecord[][]): Promise<void> {
  const publisher = broker.openPublisher('bench')
  await twoAhead(frames, (frame) => publisher.send(topic, frame))
  await publisher.close()
}

/** A commit for every 20 frames. */
async function publishInTransactions(topic: string, frames: readonly OutgoingRecord[][]): Promise<void> {
  let sent = 0
  await twoAhead(frames, async (frame) => {
    const sending = transactions.send(topic, frame)
    if (++sent % 20 === 0) await transactions.commit()
    return sending
  })
  await transactions.commit()
}

async function twoAhead(
  frames: readonly OutgoingRecord[][],
  send: (frame: OutgoingRecord[]) => Promise<void>,
): Promise<void> {
  let before = Promise.resolve()
  for (const frame of frames) {
    const sending = send(frame)
    await before
    before = sending
  }
  await before
}

async function publishByLibrary(topic: string, frames: readonly OutgoingRecord[][]): Promise<void> {
  const bootstrapBrokers = [...kafka.brokers]
  const producer = new Producer({ clientId: 'bench', bootstrapBrokers, idempotent: true, acks: ProduceAcks.ALL })
  let before: Promise<unknown> = Promise.resolve()
  for (const frame of frames) {
    const messages = frame.map(({ key, value }) => ({ topic, key: Buffer.from(key), value: Buffer.from(value ?? '') }))
    await before
    before = producer.send({ messages })
  }
  await before
  await producer.close()
}
