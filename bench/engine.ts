/**
 * What the bench asks of an engine: how it is installed, in which ways it does each job, and the command that does one.
 * Every run is a process of its own, told its task as JSON and answering with a report; see `process/serve-task.ts`.
 */
import type { Topic } from '../src/topics/topic.ts'

export const jobNames = ['flights-drain', 'bars-indicators'] as const
export type JobName = (typeof jobNames)[number]

export const engineNames = [
  'windsock',
  'consumer-performance',
  'kafkajs',
  'platformatic',
  'confluent',
  'java-jackson',
  'kafka-streams',
] as const
export type EngineName = (typeof engineNames)[number]

/** One way of an engine to do a job. */
export interface Variant {
  readonly mode: string
  readonly processes: number
  /** Why it cannot be had for now; it is named in the report instead of being left out. */
  readonly skipped?: string
}

export interface Engine {
  readonly name: EngineName
  readonly variants: Readonly<Partial<Record<JobName, readonly Variant[]>>>
  /** The topic that results go to, where it is not one of four partitions that keeps everything. */
  readonly resultTopic?: (name: string) => Topic
  /** Prices may be decoded and summed up otherwise than we do; ours have to be the same, bit for bit. */
  readonly isBitExact?: true
  /**
   * Installs and builds what is missing, once on a machine.
   *
   * @throws Error whose message is the reason why this engine is skipped
   */
  prepare(place: Place): Promise<Launcher>
}

/** Where things are on this machine. */
export interface Place {
  /** Kept between runs, for packages, jars and classes. */
  readonly cacheFolder: string
  /** Gone with this run, for states and settings. */
  readonly temporaryFolder: string
  /** The Java that runs the broker, and its class path. */
  readonly java: string
  readonly brokerClassPath: string
  /** Told what takes long. */
  readonly say: (line: string) => void
}

/** A prepared engine. */
export interface Launcher {
  readonly command: (task: Task) => Command
  /** Reads the report from what a foreign program prints; left out, the program speaks as `serve-task.ts` does. */
  readonly readReport?: (stdout: string) => Report
}

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Offsets of one partition: `to` is exclusive. */
export interface PartitionSpan {
  readonly partition: number
  readonly from: number
  readonly to: number
}

interface TaskBase {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly mode: string
  /** All spans of all processes; each process takes its share, see `shareOf`. */
  readonly spans: readonly PartitionSpan[]
  readonly process: { readonly index: number; readonly of: number }
  /** A folder of this run's own. */
  readonly folder: string
  /** A name that no other run has, for groups and the like. */
  readonly id: string
}

/** Count the flights of a topic by airline and day. */
export interface DrainTask extends TaskBase {
  readonly job: 'flights-drain'
  /** Drained once before the measured drain, by engines that are asked what a record costs when all is compiled. */
  readonly warmUp?: readonly PartitionSpan[]
}

/** For every bar, Bollinger (20, 2) and Aroon (25), sent to the result topics where the window is full. */
export interface BarsTask extends TaskBase {
  readonly job: 'bars-indicators'
  readonly results: { readonly bollinger: string; readonly aroon: string }
  /** How many results there will be in all. */
  readonly resultCount: number
}

export type Task = DrainTask | BarsTask

/** What a process tells of its work. Times are milliseconds since the epoch. */
export interface Report {
  /** When its first record was there. */
  readonly from: number
  /** When the last record was taken in, or the last result acknowledged or committed. */
  readonly to: number
  /** Records read. */
  readonly records: number
  /** Of a drain, the flights by `AA 2015-01-31`; undefined for one who decodes nothing. */
  readonly counts?: Readonly<Record<string, number>>
}

/** The records of all spans. */
export function recordsIn(spans: readonly PartitionSpan[]): number {
  return spans.reduce((sum, { from, to }) => sum + to - from, 0)
}

/** The spans of one process: the largest first, each to whoever has the fewest records. */
export function shareOf(task: Task): PartitionSpan[] {
  const shares = Array.from({ length: task.process.of }, (): PartitionSpan[] => [])
  for (const span of task.spans.toSorted((left, right) => right.to - right.from - (left.to - left.from))) {
    const least = shares.toSorted((left, right) => recordsIn(left) - recordsIn(right))[0]
    least?.push(span)
  }
  return shares[task.process.index] ?? []
}
