import type { FailedPart } from './attempts.ts'
import type { EngineName, JobName, Variant } from './engine.ts'
import type { Machine } from './machine.ts'
import type { LatencyRow } from './latency/measure-latency.ts'
import { median, significant } from './percentiles.ts'
import type { LinearityRow } from './scaling/linearity.ts'
import type { MemoryRow } from './scaling/memory.ts'
import type { Measured } from './process/run-task.ts'

/** What `--json` writes. Readers rely on this shape: things are added, never changed. */
export interface BenchReport {
  readonly machine: Machine
  readonly settings: {
    readonly size: string
    readonly rounds: number
    readonly records: Readonly<Record<string, number>>
  }
  readonly jobs: Readonly<Record<JobName, readonly JobRow[]>>
  readonly latency: readonly LatencyRow[]
  readonly memory: readonly MemoryRow[]
  readonly linearity: readonly LinearityRow[]
  /** What was to be measured and was not. */
  readonly failed: readonly FailedPart[]
}

/**
 * Whether all that was asked for was measured, and this engine's results were right. What others cannot do is theirs, and a
 * rate that was not kept is the machine's.
 */
export function isFaultless({ jobs, latency, memory, linearity, failed }: BenchReport): boolean {
  const ofJobs = Object.values(jobs).flat()
  const ours = ofJobs.filter(({ engine, skipped }) => engine === 'windsock' && skipped === undefined)
  return failed.length === 0 && [...ours, ...latency, ...memory, ...linearity].every(({ correct }) => correct)
}

/** One way of one engine; the figures are medians over the rounds, null where there is none. */
export interface JobRow {
  readonly engine: EngineName
  readonly mode: string
  readonly processes: number
  readonly recordsPerSecond: number | null
  readonly cpuSecondsPerMillion: number | null
  readonly peakMemoryMiB: number | null
  /** Whether every round's results were those of the source rows. */
  readonly correct: boolean
  /** From the start of the process to its first record, which is not in the rate. */
  readonly startupSeconds: number | null
  /** What each round measured, in the order they were run. */
  readonly roundsRecordsPerSecond: readonly number[]
  /** Why it was not run. */
  readonly skipped?: string
  /** Why a round crashed or gave wrong results. */
  readonly failed?: string
}

/** What a round came to: figures, and what was wrong with the results if anything; or why there are none. */
export type Round =
  | { readonly kind: 'measured'; readonly measured: Measured; readonly fault: string | undefined }
  | { readonly kind: 'crashed'; readonly reason: string }

export function toJobRow(engine: EngineName, { mode, processes }: Variant, rounds: readonly Round[]): JobRow {
  const measured = rounds.flatMap((round) => (round.kind === 'measured' ? [round.measured] : []))
  const failed = rounds
    .map((round) => (round.kind === 'crashed' ? round.reason : round.fault))
    .find((reason) => reason !== undefined)
  const medianOf = (figure: (one: Measured) => number): number | null =>
    measured.length === 0 ? null : significant(median(measured.map(figure)))
  return {
    engine,
    mode,
    processes,
    recordsPerSecond: medianOf((one) => one.recordsPerSecond),
    cpuSecondsPerMillion: medianOf((one) => one.cpuSecondsPerMillion),
    peakMemoryMiB: medianOf((one) => one.peakMemoryMiB),
    correct: failed === undefined && measured.length > 0,
    startupSeconds: medianOf((one) => one.startupSeconds),
    roundsRecordsPerSecond: measured.map((one) => significant(one.recordsPerSecond)),
    ...(failed === undefined ? {} : { failed }),
  }
}

export function toSkippedRow(engine: EngineName, { mode, processes }: Variant, skipped: string): JobRow {
  return {
    engine,
    mode,
    processes,
    recordsPerSecond: null,
    cpuSecondsPerMillion: null,
    peakMemoryMiB: null,
    correct: false,
    startupSeconds: null,
    roundsRecordsPerSecond: [],
    skipped,
  }
}
