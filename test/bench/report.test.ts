import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LatencyRow } from '../../bench/latency/measure-latency.ts'
import type { Measured } from '../../bench/process/run-task.ts'
import { type BenchReport, isFaultless, type JobRow, type Round, toJobRow, toSkippedRow } from '../../bench/report.ts'
import { alignColumns, formatReport } from '../../bench/table.ts'

const variant = { mode: 'checked', processes: 1 }

function round(recordsPerSecond: number, fault?: string): Round {
  const measured: Measured = {
    reports: [],
    seconds: 1,
    recordsPerSecond,
    cpuSecondsPerMillion: 1_000_000 / recordsPerSecond,
    peakMemoryMiB: 100,
    startupSeconds: 0.5,
  }
  return { kind: 'measured', measured, fault }
}

function latencyRow(
  readers: LatencyRow['readers'],
  kept: Pick<LatencyRow, 'isRateKept' | 'keptRecordsPerSecond'>,
): LatencyRow {
  const figures = { p50Ms: 9, p99Ms: 50, p999Ms: 60, maxMs: 70, senderLateMsMax: 5, records: 3_000_000 }
  return { engine: 'windsock', recordsPerSecond: 100_000, readers, ...figures, ...kept, correct: true }
}

describe('a row of the report', () => {
  it('has the shape that readers rely on, with the medians of the rounds', () => {
    assert.deepEqual(toJobRow('windsock', variant, [round(100_000), round(400_000), round(200_000)]), {
      engine: 'windsock',
      mode: 'checked',
      processes: 1,
      recordsPerSecond: 200_000,
      cpuSecondsPerMillion: 5,
      peakMemoryMiB: 100,
      correct: true,
      startupSeconds: 0.5,
      roundsRecordsPerSecond: [100_000, 400_000, 200_000],
    })
  })
  it('is not correct when a single round was wrong or crashed, and says why', () => {
    const wrong = toJobRow('kafkajs', variant, [round(1), round(1, 'AA has 3 flights instead of 4'), round(1)])
    assert.deepEqual([wrong.correct, wrong.failed], [false, 'AA has 3 flights instead of 4'])
    const crashed = toJobRow('kafkajs', variant, [round(1), { kind: 'crashed', reason: 'it ended with 1' }])
    assert.deepEqual([crashed.correct, crashed.failed, crashed.recordsPerSecond], [false, 'it ended with 1', 1])
    const never = toJobRow('kafkajs', variant, [{ kind: 'crashed', reason: 'it ended with 1' }])
    assert.deepEqual([never.correct, never.recordsPerSecond], [false, null])
  })
  it('of an engine that was skipped says why and has no figures', () => {
    const { correct, skipped, recordsPerSecond } = toSkippedRow('confluent', variant, 'it needs javac')
    assert.deepEqual([correct, skipped, recordsPerSecond], [false, 'it needs javac', null])
  })
})

describe('the table', () => {
  const yardstick: JobRow = { ...toJobRow('consumer-performance', variant, [round(500_000)]), mode: 'no-decoding' }
  const report: BenchReport = {
    machine: { cpu: 'A CPU', cores: 2, memoryMiB: 4_096, system: '', node: '24', java: '17', kafka: '4.3.1', date: '' },
    settings: { size: 'quick', rounds: 3, records: { 'flights-drain': 500_000 } },
    jobs: {
      'flights-drain': [
        toJobRow('windsock', variant, [round(1_000_000)]),
        yardstick,
        toSkippedRow('confluent', variant, 'it needs a compiler'),
        toJobRow('kafkajs', variant, [round(250_000, 'AA is missing')]),
      ],
      'bars-indicators': [],
    },
    latency: [],
    memory: [],
    linearity: [],
    failed: [],
  }
  const lines = formatReport(report).split('\n')
  const lineOf = (name: string): string => lines.find((line) => line.trim().startsWith(name)) ?? ''

  it('gives every rate against the yardsticks that were measured', () => {
    assert.match(lineOf('engine'), /records\/s +× consumer-performance +CPU s\/M/)
    assert.match(lineOf('windsock'), / 1,000,000 +2\.00 +1\.00 +100 +0\.5 +correct$/)
    assert.match(lineOf('consumer-performance'), / 500,000 +1\.00 /)
  })
  it('shows what was skipped or wrong, with the reason', () => {
    assert.match(lineOf('confluent'), /skipped: it needs a compiler$/)
    assert.match(lineOf('kafkajs'), /WRONG: AA is missing$/)
  })
  it('shows a rate that was not kept, and a part that could not be measured', () => {
    const kept = { isRateKept: true, keptRecordsPerSecond: 100_000 }
    const behind = { isRateKept: false, keptRecordsPerSecond: 81_230 }
    const latency = [latencyRow('uncommitted', kept), latencyRow('committed', behind)]
    const failed = [{ part: 'memory', reason: 'Kafka died\nand its log' }] as const
    const text = formatReport({ ...report, latency, failed })
    assert.match(text, /^ {2}100,000 +uncommitted +9\.0 .* correct$/m)
    assert.match(text, /^ {2}100,000 +committed +9\.0 .* correct, RATE NOT KEPT: 81,230\/s$/m)
    assert.match(text, /^NOT MEASURED, memory: Kafka died$/m)
  })
  it('shows where a record costs more than in the first quarter', () => {
    const row = { ...toJobRow('windsock', variant, [round(1)]), records: 1 }
    const linearity = [
      { ...row, part: 'whole', cost: 1.1 },
      { ...row, part: 'last-quarter', cost: 1.62 },
    ] as const
    const text = formatReport({ ...report, linearity })
    assert.match(text, /^ {2}whole .* 1\.10 +correct$/m)
    assert.match(text, /^ {2}last-quarter .* 1\.62 +correct, COST GROWS$/m)
  })
  it('is of a run without fault only when this engine was right and everything was measured', () => {
    assert.equal(isFaultless(report), true, 'what was skipped, and what others do wrong, is no fault of ours')
    const wrong = toJobRow('windsock', variant, [round(1, 'AA is missing')])
    assert.equal(isFaultless({ ...report, jobs: { ...report.jobs, 'bars-indicators': [wrong] } }), false)
    const row = latencyRow('committed', { isRateKept: false, keptRecordsPerSecond: 1 })
    assert.equal(isFaultless({ ...report, latency: [row] }), true)
    assert.equal(isFaultless({ ...report, latency: [{ ...row, correct: false }] }), false)
    assert.equal(isFaultless({ ...report, failed: [{ part: 'memory', reason: 'Kafka died' }] }), false)
  })
  it('leaves out what was not measured', () => {
    assert.equal(lines.join('').includes('latency'), false)
    assert.equal(lines.join('').includes('bars-indicators'), false)
  })
  it('is aligned: names to the left, figures to the right', () => {
    const rows = [
      ['name', 'n', 'x'],
      ['a', '1,000', 'end'],
    ]
    assert.equal(alignColumns(rows, 1), '  name      n  x\n  a     1,000  end')
  })
})
