import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Broker, ReadOptions } from '../../../../src/broker/broker.ts'
import { createKafkaBroker } from '../../../../src/broker/kafka/kafka-broker.ts'
import { startTestKafka, type TestKafka } from '../../../support/local-kafka.ts'
import { JavaClients, type JavaReading, shownAsInJava, withoutJavaClients } from './java-clients.ts'

describe("judged by Kafka's own clients", { skip: withoutJavaClients }, () => {
  let kafka: TestKafka
  let broker: Broker
  let java: JavaClients
  before(async () => {
    kafka = await startTestKafka()
    broker = createKafkaBroker({ brokers: kafka.brokers })
    java = await JavaClients.start(kafka.brokers)
  })
  after(async () => {
    await java.stop()
    await broker.close()
    await kafka.stop()
  })

  const makeTopic = async (name: string, partitions: number): Promise<string> => {
    await broker.admin.ensureTopics([{ name, partitions, cleanup: 'delete', retentionMs: -1 }])
    return name
  }
  /** What our reader makes of the same, up to where theirs ended. */
  const readOurs = async (
    topic: string,
    { ends }: JavaReading,
    options: Partial<ReadOptions>,
  ): Promise<JavaReading['records']> => {
    const signal = AbortSignal.timeout(30_000)
    const reader = broker.openReader({ topic, start: 'earliest', until: ends, signal, ...options })
    const found = new Map<number, string[]>()
    for await (const { partition, records } of reader) {
      if (records.length > 0) found.set(partition, [...(found.get(partition) ?? []), ...records.map(shownAsInJava)])
    }
    await reader.close()
    assert.equal(signal.aborted, false, 'reading did not end within 30 s')
    return sorted(found)
  }

  for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
    it(`reads what a Java producer sends with compression ${compression}, field by field`, async () => {
      const topic = await makeTopic(`codec-${compression}`, 2)
      const sends = [3, 1, 400, 60].flatMap((count, i) => [
        `send p0-${compression} ${topic} ${i % 2} ${count} ${[10, 20_000, 300, 2_500][i]}`,
        `flush p0-${compression}`,
      ])
      await java.run(sends)
      const theirs = await java.read(topic, 'uncommitted')
      assert.equal([...theirs.records.values()].flat().length, 464)
      for (const fetchBytesMax of [8_388_608, 30_000, 1]) {
        assert.deepEqual(await readOurs(topic, theirs, { fetchBytesMax }), sorted(theirs.records))
      }
    })
  }

  const rounds = 6
  for (let round = 0; round < rounds; round++) {
    const seed = Number(process.env['WINDSOCK_SEED'] ?? Math.floor(Math.random() * 2 ** 31)) + round
    it(
      `reads exactly the committed records of interleaved transactions (seed ${seed})`,
      { timeout: 90_000 },
      async () => {
        const topic = await makeTopic(`transactions-${round}`, 3)
        const random = randomFrom(seed)
        await java.run(randomTransactions(topic, round, random))
        const committed = await java.read(topic, 'committed')
        const uncommitted = await java.read(topic, 'uncommitted')
        assert.deepEqual(await readOurs(topic, uncommitted, {}), sorted(uncommitted.records))
        for (const fetchBytesMax of [8_388_608, 40_000, 6_000, 1]) {
          const ours = await readOurs(topic, committed, { isolation: 'committed', fetchBytesMax })
          assert.deepEqual(ours, sorted(committed.records), `with fetches of ${fetchBytesMax} bytes`)
        }
        for (let i = 0; i < 8; i++) {
          const start = new Map(Array.from(committed.ends, ([partition, end]) => [partition, random(end + 1)]))
          const ours = await readOurs(topic, committed, { isolation: 'committed', fetchBytesMax: 10_000, start })
          assert.deepEqual(ours, from(committed.records, start), `from ${JSON.stringify([...start])}`)
        }
      },
    )
  }
})

/** Transactions of several producers at once: long and short ones, empty ones, committed and aborted, the last ones left open. */
function randomTransactions(topic: string, round: number, random: (below: number) => number): string[] {
  const compressions = ['none', 'none', 'zstd', 'lz4', 'snappy', 'gzip']
  const producers = Array.from({ length: 4 }, (_, i) => `t${round}${i}-${compressions[random(6)]}`)
  const plain = `p${round}-none`
  const open = new Set<string>()
  const commands: string[] = []
  for (let step = 0; step < 120; step++) {
    const producer = producers[random(producers.length)] ?? plain
    const where = `${topic} ${random(3)}`
    const kind = random(10)
    if (kind === 0) commands.push(`send ${plain} ${where} ${1 + random(5)} 100`, `flush ${plain}`)
    else if (!open.has(producer)) {
      open.add(producer)
      commands.push(`begin ${producer}`)
    } else if (kind < 6) {
      // Now and then much more than a fetch brings.
      const count = random(6) === 0 ? 150 : 1 + random(6)
      commands.push(`send ${producer} ${where} ${count} ${50 + random(400)}`)
      if (random(3) > 0) commands.push(`flush ${producer}`)
    } else {
      open.delete(producer)
      commands.push(`${random(2) === 0 ? 'abort' : 'commit'} ${producer}`)
    }
  }
  // Every other time all are ended, so that the last stable offset is the end.
  if (round % 2 === 0) for (const producer of open) commands.push(`${random(2) === 0 ? 'abort' : 'commit'} ${producer}`)
  else for (const producer of open) commands.push(`flush ${producer}`)
  return commands
}

function sorted(records: JavaReading['records']): Map<number, readonly string[]> {
  return new Map([...records].filter(([, all]) => all.length > 0).toSorted(([a], [b]) => a - b))
}

function from(records: JavaReading['records'], start: ReadonlyMap<number, number>): Map<number, readonly string[]> {
  const left = Array.from(records, ([partition, all]): [number, readonly string[]] => [
    partition,
    all.filter((record) => Number.parseInt(record, 10) >= (start.get(partition) ?? 0)),
  ])
  return sorted(new Map(left))
}

/** A generator of whole numbers below a bound, the same for the same seed (mulberry32). */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}
