import { jobNames, type JobName } from './engine.ts'
import type { BenchReport, JobRow } from './report.ts'

/** Whom every rate of a job is also given against. */
const yardsticks = ['consumer-performance', 'kafka-streams'] as const

/** The whole report for a person. */
export function formatReport(report: BenchReport): string {
  const { cpu, cores, memoryMiB, node, java, kafka } = report.machine
  const sections = [
    `${cpu}, ${cores} cores, ${thousands(memoryMiB)} MiB · Node ${node} · Java ${java} · Kafka ${kafka}`,
    ...jobNames.filter((name) => report.jobs[name].length > 0).map((name) => formatJob(name, report)),
    formatLatency(report),
    formatMemory(report),
    formatLinearity(report),
    report.failed.map(({ part, reason }) => `NOT MEASURED, ${part}: ${firstLine(reason)}`).join('\n'),
  ]
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`
}

const whatIsCounted: Readonly<Record<JobName, string>> = {
  'flights-drain': 'flights counted by airline and day',
  'bars-indicators': 'bars, Bollinger and Aroon of each produced back',
}

function formatJob(name: JobName, { jobs, settings }: BenchReport): string {
  const rows = jobs[name]
  const bests = yardsticks.map((engine) => ({ engine, rate: bestRate(rows, engine) })).filter(({ rate }) => rate > 0)
  const header = [
    'engine',
    'mode',
    'proc',
    `${name === 'bars-indicators' ? 'bars' : 'records'}/s`,
    ...bests.map(({ engine }) => `× ${engine}`),
    'CPU s/M',
    'peak MiB',
    'start s',
    '',
  ]
  const cells = rows.map((row) => [
    row.engine,
    row.mode,
    String(row.processes),
    row.recordsPerSecond === null ? '–' : thousands(row.recordsPerSecond),
    ...bests.map(({ rate }) => (row.recordsPerSecond === null ? '–' : (row.recordsPerSecond / rate).toFixed(2))),
    fixed(row.cpuSecondsPerMillion, 2),
    fixed(row.peakMemoryMiB, 0),
    fixed(row.startupSeconds, 1),
    verdict(row),
  ])
  const count = thousands(settings.records[name] ?? 0)
  return `${name}: ${count} ${whatIsCounted[name]}\n${alignColumns([header, ...cells], 2)}`
}

function bestRate(rows: readonly JobRow[], engine: string): number {
  return Math.max(
    0,
    ...rows.flatMap((row) => (row.engine === engine && row.correct ? [row.recordsPerSecond ?? 0] : [])),
  )
}

function verdict({ correct, skipped, failed }: { correct: boolean; skipped?: string; failed?: string }): string {
  if (skipped !== undefined) return `skipped: ${skipped}`
  return correct ? 'correct' : `WRONG: ${failed ?? 'no round ended'}`
}

function formatLatency({ latency }: BenchReport): string {
  if (latency.length === 0) return ''
  const header = ['sent/s', 'readers', 'p50 ms', 'p99 ms', 'p99.9 ms', 'max ms', 'sender late ms', '']
  const cells = latency.map((row) => [
    thousands(row.recordsPerSecond),
    row.readers,
    ...[row.p50Ms, row.p99Ms, row.p999Ms, row.maxMs, row.senderLateMsMax].map((ms) => fixed(ms, 1)),
    verdict(row) +
      (row.correct && !row.isRateKept ? `, RATE NOT KEPT: ${thousands(row.keptRecordsPerSecond ?? 0)}/s` : ''),
  ])
  return `latency: from when a record was due to be sent to when its result was read\n${alignColumns([header, ...cells], 2)}`
}

function formatMemory({ memory }: BenchReport): string {
  if (memory.length === 0) return ''
  const header = ['what', 'partitions', 'keys', 'records', 'peak MiB', 'CPU s/M', '']
  const cells = memory.map((row) => [
    row.what,
    thousands(row.partitions),
    thousands(row.keys),
    thousands(row.records),
    fixed(row.peakMemoryMiB, 0),
    fixed(row.cpuSecondsPerMillion, 2),
    verdict(row),
  ])
  return `memory: windsock\n${alignColumns([header, ...cells], 1)}`
}

/** Of what is to be 1: the rest is the machine's noise. */
const flatCostMax = 1.25

function formatLinearity({ linearity }: BenchReport): string {
  if (linearity.length === 0) return ''
  const header = ['part of the topic', 'records', 'records/s', 'CPU s/M', 'cost', '']
  const cells = linearity.map((row) => [
    row.part,
    thousands(row.records),
    row.recordsPerSecond === null ? '–' : thousands(row.recordsPerSecond),
    fixed(row.cpuSecondsPerMillion, 2),
    fixed(row.cost, 2),
    verdict(row) + (row.correct && (row.cost ?? 0) > flatCostMax ? ', COST GROWS' : ''),
  ])
  return `linearity: CPU a record against the first quarter's\n${alignColumns([header, ...cells], 1)}`
}

/** Pads to columns, the first ones to the left, the figures to the right, and the last, which is text, not at all. */
export function alignColumns(rows: readonly (readonly string[])[], textColumns: number): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          if (column === row.length - 1) return cell
          return column < textColumns ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)
        })
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `  ${line}`)
    .join('\n')
}

/** Of an error that goes on with somebody's log; the JSON has all of it. */
function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}

function thousands(value: number): string {
  return Math.round(value).toLocaleString('en')
}

function fixed(value: number | null, digits: number): string {
  return value === null ? '–' : value.toFixed(digits)
}
