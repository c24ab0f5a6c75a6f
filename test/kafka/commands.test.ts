import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { ProduceAcks, Producer } from '@platformatic/kafka'
import { analysisNames, chooseAnalysis } from '../../src/analyses/all.ts'
import type { Broker, IncomingRecord } from '../../src/broker/broker.ts'
import { createKafkaBroker } from '../../src/broker/kafka/kafka-broker.ts'
import { startTestKafka, type TestKafka, withoutKafka } from '../support/local-kafka.ts'
import { createRandom } from '../support/random.ts'
import { flightsFile, flightsRows, pricesFile, printsOf, runCommand, startCommand } from '../support/run-windsock.ts'
import { isRunning, until } from '../support/until.ts'

const filesOf: Readonly<Record<string, readonly string[]>> = {
  flights: ['--file', flightsFile],
  prices: ['AAPL', 'GOOG', 'IBM', 'MSFT', 'SPY'].flatMap((symbol) => ['--file', pricesFile(symbol)]),
}
const pricesRows = 10_180

describe('the commands on a real Kafka', { skip: withoutKafka }, () => {
  let kafka: TestKafka
  let broker: Broker
  let folder: string
  let home: readonly string[]

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'windsock-commands-'))
    kafka = await startTestKafka()
    broker = createKafkaBroker({ brokers: kafka.brokers })
    home = ['--home', kafka.home]
  })
  after(async () => {
    await broker.close()
    await kafka.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const written = async (name: string, content: string | Buffer): Promise<string> => {
    const path = join(folder, name)
    await writeFile(path, content)
    return path
  }

  it('publish every row of a file, and tell the totals', async () => {
    const flights = toTotals(await printsOf(['publish', 'flights', ...filesIn('flights'), '--max', '--json', ...home]))
    assert.deepEqual(Object.keys(flights), ['sent', 'acknowledged', 'refused', 'bytes', 'seconds'])
    assert.deepEqual([flights['sent'], flights['acknowledged'], flights['refused']], [flightsRows, flightsRows, 0])
    const values = await readAll(broker, 'flights')
    assert.equal(values.length, flightsRows)
    assert.equal(
      flights['bytes'],
      values.reduce((sum, { value }) => sum + (value?.length ?? 0), 0),
    )
    assert.ok(Number(flights['seconds']) > 0)
    const first = toObject(values.find(({ offset }) => offset === 0))
    assert.ok(Math.abs(Number(first['ts']) - Date.now() / 1000) < 600, 'ts is the time of sending in seconds')

    const prices = toTotals(await printsOf(['publish', 'prices', ...filesIn('prices'), '--max', '--json', ...home]))
    assert.deepEqual([prices['sent'], prices['acknowledged'], prices['refused']], [pricesRows, pricesRows, 0])
  })

  for (const name of analysisNames) {
    it(`give results of ${name} that equal the recomputation to the byte, as JSON and as CSV`, async () => {
      const { code, stderr } = await runCommand(['analyse', name, '--until-end', ...home])
      assert.equal(code, 0, stderr)
      const rows = name === 'flights-per-day' ? flightsRows : pricesRows
      assert.match(stderr, new RegExp(`^${name}: ${rows} records read, 0 refused$`, 'm'))
      await expectRecomputed(name, [])
    })
  }

  it('compute other settings side by side, as a group and a topic of their own', async () => {
    const settings = ['--set', 'period=25']
    for (const name of ['aroon', 'bollinger'] as const) {
      await printsOf(['analyse', name, '--until-end', ...settings, ...home])
      await expectRecomputed(name, settings)
      await expectRecomputed(name, [])
      assert.equal((await broker.admin.committed(`${name}-period-25`, 'prices')).size > 0, true)
    }
  })

  it('say which analysis has never run, in one sentence', async () => {
    const { code, stdout, stderr } = await runCommand(['results', 'aroon', '--set', 'period=99', ...home])
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, /^windsock: .*aroon-period-99[^\n]*\n$/)
  })

  it('share the partitions when several run at once, and end together', async () => {
    await printsOf(['publish', 'flights', ...filesIn('flights'), '--topic', 'shared', '--max', ...home])
    const command = ['analyse', 'flights-per-day', '--topic', 'shared', '--until-end', ...home]
    const ends = await Promise.all(Array.from({ length: 3 }, () => runCommand(command)))
    for (const { code, stderr } of ends) assert.equal(code, 0, stderr)
    const read = ends.map(({ stderr }) => Number(/: (\d+) records read, 0 refused$/m.exec(stderr)?.[1]))
    assert.equal(
      read.reduce((sum, records) => sum + records, 0),
      flightsRows,
      read.join(),
    )
    const results = await printsOf(['results', 'flights-per-day', '--topic', 'shared', ...home])
    assert.ok(results === (await printsOf(['recompute', 'flights-per-day', ...filesIn('flights')])))
  })

  it('compute a stored state that was damaged again from the log, and say so', async () => {
    const state = 'flights-per-day-of-shared-state'
    const [found] = await readAll(broker, state)
    const key = Buffer.from(found?.key ?? []).toString()
    const publisher = broker.openPublisher('damage')
    for (const partition of [0, 1, 2, 3]) await publisher.send(state, [{ key, value: '{"flights":1}', partition }])
    // Else there is nothing left to do, and nobody looks at the states.
    await broker.admin.deleteGroups(['flights-per-day-of-shared'])
    const command = ['analyse', 'flights-per-day', '--topic', 'shared', '--until-end', ...home]
    const { code, stderr } = await runCommand(command)
    assert.equal(code, 0, stderr)
    assert.equal(stderr.match(/: it is computed again from the log$/gm)?.length, 4, stderr)
    assert.match(stderr, new RegExp(`: ${flightsRows} records read, 0 refused$`, 'm'))
    const results = await printsOf(['results', 'flights-per-day', '--topic', 'shared', ...home])
    assert.ok(results === (await printsOf(['recompute', 'flights-per-day', ...filesIn('flights')])))
    assert.match((await runCommand(command)).stderr, /: 0 records read, 0 refused$/m)
  })

  it('take another topic, and keep its results apart', async () => {
    const file = await written('one.csv', 'YEAR,MONTH,DAY,AIRLINE\n2015,1,1,ZZ\n2015,1,1,ZZ\n')
    await printsOf(['publish', 'flights', '--file', file, '--topic', 'other', '--max', ...home])
    await printsOf(['analyse', 'flights-per-day', '--topic', 'other', '--until-end', ...home])
    assert.equal(
      await printsOf(['results', 'flights-per-day', '--topic', 'other', ...home]),
      '[{"airline":"ZZ","day":"2015-01-01","flights":2}]\n',
    )
    assert.equal((await printsOf(['results', 'flights-per-day', ...home])).includes('ZZ'), false)
  })

  it('set rows aside that do not fit, with file, line and reason, and send the others', async () => {
    const lines: (string | Buffer)[] = [
      'YEAR,MONTH,DAY,AIRLINE,DEPARTURE_DELAY',
      '2015,1,1,AA,5',
      '2015,1,x,AA,5',
      '2015,1,32,AA,5',
      '2015,2,30,AA,5',
      '2015,1',
      `2015,1,1,${'A'.repeat(10_000_000)},5`,
      Buffer.from([0x32, 0x30, 0x31, 0x35, 0x2c, 0xff, 0xfe]),
      '2015,1,1,AA,NaN',
      '2015,1,1,,5',
      '2015,1,1,__proto__,5',
    ]
    const file = await written(
      'bad.csv',
      Buffer.concat(lines.flatMap((line) => [Buffer.from(line), Buffer.from('\n')])),
    )
    const totals = toTotals(await printsOf(['publish', 'flights', '--file', file, '--topic', 'bad', '--json', ...home]))
    assert.deepEqual([totals['sent'], totals['acknowledged'], totals['refused']], [2, 2, 8])
    const set = await quarantined(broker, `${file}:`)
    assert.deepEqual(
      [...set.keys()].toSorted(byNumberAtEnd),
      [3, 4, 5, 6, 7, 8, 9, 10].map((line) => `${file}:${line}`),
    )
    const reasons = [...set].toSorted(([a], [b]) => byNumberAtEnd(a, b)).map(([, { reason }]) => reason)
    const expected = [
      /DAY/,
      /DAY/,
      /2015-2-30/,
      /2 cells/,
      /longer than 1000000/,
      /UTF-8/,
      /DEPARTURE_DELAY/,
      /AIRLINE/,
    ]
    for (const [index, pattern] of expected.entries()) assert.match(reasons[index] ?? '', pattern)
    assert.ok([...set.values()].every(({ sample }) => sample.length <= 2_048))
    assert.equal(set.get(`${file}:3`)?.sample, '2015,1,x,AA,5')
    const airlines = (await readAll(broker, 'bad')).map((record) => toObject(record)['AIRLINE'])
    assert.deepEqual(airlines.map(String).toSorted(), ['AA', '__proto__'])
  })

  it('count what others send where it fits, and set aside the rest once, with its topic, partition and offset', async () => {
    const good = { YEAR: 2015, MONTH: 1, DAY: 1, AIRLINE: 'AA' }
    const bad = { ...good, DAY: 'first' }
    const values: (string | Buffer | null)[] = [
      JSON.stringify([good, good, bad]), // 0: two count
      Buffer.from([0x7b, 0xff, 0x7d]),
      '{"YEAR":2015,"MONTH":1,"DAY":NaN,"AIRLINE":"AA"}',
      'NaN',
      '{"YEAR":2015,"MONTH":1,"DAY":1,"AIRLINE":"AA","__proto__":{"AIRLINE":"BB"}}',
      JSON.stringify({ ...good, DAY: '1st' }), // 5
      null,
      JSON.stringify({ ...good, DAY: 32 }),
      JSON.stringify([bad, bad]),
      '[]', // nobody's record
      '5', // 10
      JSON.stringify({ Year: 2015, Month: 1, 'Day of Month': 1, airline: 'AA', ts: 1.5, more: { a: [] } }), // counts
      JSON.stringify({ day_of_month: 1, YEAR: 2015, MONTH: 1, 'unique carrier': 'AA' }), // counts
      JSON.stringify({ YEAR: 2015, MONTH: 1, DAY: 1 }),
    ]
    await broker.admin.ensureTopics([{ name: 'foreign', partitions: 4, cleanup: 'delete', retentionMs: -1 }])
    await produce(kafka, values)
    const command = ['analyse', 'flights-per-day', '--topic', 'foreign', '--until-end', ...home]
    const { code, stderr } = await runCommand(command)
    assert.equal(code, 0, stderr)
    assert.match(stderr, /: 14 records read, 12 refused$/m)
    const results = ['results', 'flights-per-day', '--topic', 'foreign', ...home]
    assert.equal(await printsOf(results), '[{"airline":"AA","day":"2015-01-01","flights":4}]\n')
    const origins = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 13].map((offset) => `foreign/2:${offset}`)
    const set = await quarantined(broker, 'foreign/')
    assert.deepEqual([...set.keys()].toSorted(), [...origins, 'foreign/2:8#2'].toSorted())
    assert.match(set.get('foreign/2:1')?.reason ?? '', /UTF-8/)
    assert.match(set.get('foreign/2:4')?.reason ?? '', /__proto__/)
    assert.match(set.get('foreign/2:13')?.reason ?? '', /AIRLINE is missing/)
    assert.equal(set.get('foreign/2:7')?.by, 'flights-per-day-of-foreign')

    await printsOf([...command, '--fresh'])
    assert.deepEqual([...(await quarantined(broker, 'foreign/')).keys()].toSorted(), [...set.keys()].toSorted())
    assert.equal(await printsOf(results), '[{"airline":"AA","day":"2015-01-01","flights":4}]\n')
  })

  it('send every row once however often the publisher is killed and resumed', async (t) => {
    const random = createRandom()
    t.diagnostic(`seed ${random.seed}`)
    const seeded = `WINDSOCK_SEED=${random.seed}`
    const publish = ['publish', 'flights', ...filesIn('flights'), '--topic', 'killed', '--resume', ...home]
    for (let kill = 0; kill < 5; kill++) {
      const first = await recordsIn(broker, 'killed')
      const publisher = startCommand([...publish, '--rate', '12000'])
      const row = first + random.below(8_000)
      await until(
        `row ${row} (${seeded})`,
        async () => publisher.isOver() || (await recordsIn(broker, 'killed')) >= row,
      )
      publisher.signal('SIGKILL')
      await publisher.ended
    }
    assert.ok((await recordsIn(broker, 'killed')) < flightsRows, `the last kill is in the middle (${seeded})`)
    await printsOf([...publish, '--max'])
    const rows = (await readAll(broker, 'killed')).map(({ headers }) => headers.get('windsock-row'))
    assert.equal(new Set(rows).size, flightsRows, seeded)
    assert.equal(rows.length, flightsRows, seeded)
    const again = toTotals(await printsOf([...publish, '--max', '--json']))
    assert.equal(again['sent'], 0, seeded)
  })

  it('start, show and stop a broker of another home, beside the first', async () => {
    const other = ['--home', join(folder, 'other home')]
    assert.match(await printsOf(['broker', 'status', ...other]), /there is no broker/)
    try {
      const started = await printsOf(['broker', 'start', ...other])
      const address = /^ready on (127\.0\.0\.1:\d+)$/m.exec(started)?.[1]
      assert.ok(address !== undefined && !kafka.brokers.includes(address), started)
      assert.equal(await printsOf(['broker', 'start', ...other]), `runs already on ${address}\n`)
      const status = toTotals(await printsOf(['broker', 'status', '--json', ...other]))
      assert.deepEqual([status['kind'], status['brokers'], status['nodes']], ['running', [address], 1])
      assert.match(await printsOf(['broker', 'status', ...other]), /^running since .*Kafka 4\.\d/)
      assert.equal((await printsOf(['broker', 'logs', '--lines', '5', ...other])).trimEnd().split('\n').length, 5)

      const file = await written('two.csv', 'YEAR,MONTH,DAY,AIRLINE\n2015,1,1,QQ\n')
      await printsOf(['publish', 'flights', '--file', file, ...other])
      await printsOf(['analyse', 'flights-per-day', '--until-end', ...other])
      const results = await printsOf(['results', 'flights-per-day', ...other])
      assert.equal(results, '[{"airline":"QQ","day":"2015-01-01","flights":1}]\n')
      await expectRecomputed('flights-per-day', [])

      assert.equal(await printsOf(['broker', 'stop', ...other]), 'stopped\n')
      const pids = status['pids']
      assert.ok(Array.isArray(pids) && pids.length === 1)
      for (const pid of pids) assert.equal(await isRunning(Number(pid)), false)
      assert.match(await printsOf(['broker', 'status', ...other]), /^stopped: /)
      assert.match(await printsOf(['broker', 'stop', ...other]), /^no broker runs from /)
      assert.equal(await isRunning(kafka.pids[0] ?? 0), true, 'the first home is untouched')
    } finally {
      await runCommand(['broker', 'stop', ...other])
    }
  })

  const recomputations = new Map<string, string>()

  async function expectRecomputed(name: string, settings: readonly string[]): Promise<void> {
    const files = filesIn(chooseAnalysis(name).input.name)
    for (const format of ['json', 'csv']) {
      const live = await printsOf(['results', name, ...settings, '--format', format, ...home])
      const command = ['recompute', name, ...files, ...settings, '--format', format]
      const recomputed = recomputations.get(command.join(' ')) ?? (await printsOf(command))
      recomputations.set(command.join(' '), recomputed)
      assert.ok(live.split('\n').length > 40)
      assert.ok(live === recomputed, `${name} ${settings.join(' ')} as ${format} differs from the recomputation`)
    }
  }
})

function filesIn(topic: string): readonly string[] {
  return filesOf[topic] ?? []
}

function toTotals(json: string): Readonly<Record<string, unknown>> {
  const parsed: unknown = JSON.parse(json)
  assert.ok(typeof parsed === 'object' && parsed !== null)
  return { ...parsed }
}

function toObject(record: IncomingRecord | undefined): Readonly<Record<string, unknown>> {
  return toTotals(Buffer.from(record?.value ?? []).toString())
}

function byNumberAtEnd(a: string, b: string): number {
  return Number(a.split(':').at(-1)) - Number(b.split(':').at(-1))
}

async function recordsIn(broker: Broker, topic: string): Promise<number> {
  const { partitions } = await broker.admin.describeTopic(topic).catch(() => ({ partitions: [] }))
  return partitions.reduce((sum, { end }) => sum + end, 0)
}

async function readAll(broker: Broker, topic: string): Promise<IncomingRecord[]> {
  const { partitions } = await broker.admin.describeTopic(topic)
  const ends = new Map(partitions.map(({ partition, end }) => [partition, end]))
  const reader = broker.openReader({ topic, start: 'earliest', until: ends, signal: AbortSignal.timeout(60_000) })
  const records: IncomingRecord[] = []
  for await (const batch of reader) records.push(...batch.records)
  await reader.close()
  return records
}

interface SetAside {
  readonly reason: string
  readonly sample: string
  readonly by: string
}

/** What is in the quarantine with an origin that begins so, by origin. */
async function quarantined(broker: Broker, origin: string): Promise<ReadonlyMap<string, SetAside>> {
  const found = new Map<string, SetAside>()
  for (const record of await readAll(broker, 'quarantine')) {
    const entry = toObject(record)
    assert.equal(Buffer.from(record.key ?? []).toString(), entry['origin'])
    if (!String(entry['origin']).startsWith(origin)) continue
    const [reason, sample, by] = [String(entry['reason']), String(entry['sample']), String(entry['by'])]
    found.set(String(entry['origin']), { reason, sample, by })
  }
  return found
}

/** Sends to one partition as another program would. */
async function produce(kafka: TestKafka, values: readonly (string | Buffer | null)[]): Promise<void> {
  const producer = new Producer({ clientId: 'foreign', bootstrapBrokers: [...kafka.brokers], acks: ProduceAcks.ALL })
  try {
    const messages = values.map((value) => ({
      topic: 'foreign',
      partition: 2,
      ...(value === null ? {} : { value: Buffer.from(value) }),
    }))
    await producer.send({ messages })
  } finally {
    await producer.close()
  }
}
