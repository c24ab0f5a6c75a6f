import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startBench } from '../../bench/bench.ts'
import { readFlightRecords } from '../../bench/jobs/flight-records.ts'
import { measureLatency } from '../../bench/latency/measure-latency.ts'
import type { BenchReport, JobRow } from '../../bench/report.ts'
import { measureMemory } from '../../bench/scaling/memory.ts'
import { withoutKafka } from '../support/local-kafka.ts'

const mainFile = fileURLToPath(new URL('../../bench/main.ts', import.meta.url))
const noProc = process.platform === 'linux' ? false : 'measures by /proc'
/** Thirty bars of each symbol: both windows are full before the last. */
const records = 12_000

describe('the bench on a real Kafka', { skip: withoutKafka || noProc }, () => {
  let folder: string
  let report: BenchReport
  let table: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'windsock-bench-test-'))
    const json = join(folder, 'bench.json')
    const chosen = ['flights-drain', 'bars-indicators'].flatMap((job) =>
      ['windsock', 'platformatic', 'java-jackson'].map((engine) => `${job}/${engine}`),
    )
    const only = [...chosen, 'flights-drain/consumer-performance', 'linearity'].join(',')
    const args = [mainFile, '--only', only, '--records', String(records), '--rounds', '1', '--json', json]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    table = stdout
    report = JSON.parse(await readFile(json, 'utf8'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  const rowsOf = (engine: string): readonly JobRow[] =>
    [...report.jobs['flights-drain'], ...report.jobs['bars-indicators']].filter((row) => row.engine === engine)

  it('writes the shape that readers rely on', () => {
    assert.deepEqual(Object.keys(report.jobs), ['flights-drain', 'bars-indicators'])
    assert.equal(Array.isArray(report.latency), true)
    assert.equal(report.machine.kafka, '4.3.1')
    assert.deepEqual(report.settings.records, { 'flights-drain': records, 'bars-indicators': records })
    const first = report.jobs['flights-drain'][0]
    const keys = ['engine', 'mode', 'processes', 'recordsPerSecond', 'cpuSecondsPerMillion', 'peakMemoryMiB', 'correct']
    assert.deepEqual(Object.keys(first ?? {}).slice(0, keys.length), keys)
    assert.deepEqual([first?.engine, first?.mode, first?.processes], ['windsock', 'checked', 1])
  })
  for (const engine of ['windsock', 'platformatic', 'consumer-performance', 'java-jackson']) {
    it(`gets the right results from ${engine}, or says why it is skipped`, () => {
      const rows = rowsOf(engine)
      assert.ok(rows.length > 0)
      for (const row of rows) {
        if (row.skipped !== undefined) continue
        assert.deepEqual([row.correct, row.failed], [true, undefined], `${engine} ${row.mode}`)
        assert.ok(Number(row.recordsPerSecond) > 0 && Number(row.cpuSecondsPerMillion) > 0)
        assert.ok(Number(row.peakMemoryMiB) > 20 && Number(row.startupSeconds) > 0)
      }
    })
  }
  it('never skips what needs nothing', () => {
    for (const engine of ['platformatic', 'consumer-performance']) {
      assert.equal(
        rowsOf(engine).every(({ skipped }) => skipped === undefined),
        true,
      )
    }
    assert.equal(
      rowsOf('windsock')
        .filter(({ mode }) => mode === 'checked')
        .every(({ skipped }) => skipped === undefined),
      true,
    )
  })
  it('reads parts of the topic, each with its own truth', () => {
    assert.deepEqual(
      report.linearity.map(({ part, correct }) => [part, correct]),
      [
        ['first-quarter', true],
        ['whole', true],
        ['last-quarter', true],
      ],
    )
  })
  it('prints a table', () => {
    assert.match(table, /^flights-drain: 12,000 flights counted by airline and day$/m)
    assert.match(table, /^ {2}windsock +checked +1 .* correct$/m)
  })
})

async function allOf<Row>(measured: AsyncIterable<Row>): Promise<Row[]> {
  const rows: Row[] = []
  for await (const row of measured) rows.push(row)
  return rows
}

describe('the bench of the pipeline', { skip: withoutKafka || noProc }, () => {
  it('gives every record that was sent a latency, says when a rate was not kept, and measures the memory', async () => {
    const bench = await startBench({ rounds: 1, signal: new AbortController().signal, say: () => {} })
    try {
      const flights = await readFlightRecords()
      const latency = await allOf(measureLatency(bench, flights, { rates: [500], warmUpSeconds: 1, seconds: 2 }))
      assert.deepEqual(
        latency.map(({ readers, records: counted, correct, failed }) => [readers, counted, correct, failed]),
        [
          ['uncommitted', 1_000, true, undefined],
          ['committed', 1_000, true, undefined],
        ],
      )
      for (const { p50Ms, p99Ms, p999Ms, maxMs, keptRecordsPerSecond } of latency) {
        assert.ok(Number(keptRecordsPerSecond) <= 500)
        const rising = [0, p50Ms, p99Ms, p999Ms, maxMs].map(Number)
        assert.deepEqual(
          rising,
          rising.toSorted((left, right) => left - right),
        )
        assert.ok(Number(p50Ms) > 0)
      }
      const [tooMuch] = await allOf(
        measureLatency(bench, flights, { rates: [5_000_000], warmUpSeconds: 0, seconds: 0.05 }),
      )
      assert.deepEqual([tooMuch?.correct, tooMuch?.records, tooMuch?.isRateKept], [true, 250_000, false])
      const kept = Number(tooMuch?.keptRecordsPerSecond)
      assert.ok(kept > 1_000 && kept < 2_500_000, `kept ${kept}/s`)
      const memory = await allOf(measureMemory(bench, flights, { partitions: [40], keys: [50], records: 2_000 }))
      assert.deepEqual(
        memory.map(({ what, partitions, correct, failed }) => [what, partitions, correct, failed]),
        [
          ['drain', 40, true, undefined],
          ['analyse', 4, true, undefined],
        ],
      )
      assert.equal(memory[1]?.keys, 50)
    } finally {
      await bench.close()
    }
  })
})
