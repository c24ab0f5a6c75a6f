import { rm } from 'node:fs/promises'
import { describeError } from '../src/foundation/errors.ts'
import type { Bench } from './bench.ts'
import type { DrainTask, Engine, Launcher, Variant } from './engine.ts'
import type { PreparedJob } from './jobs/job.ts'
import { runTask } from './process/run-task.ts'
import { type JobRow, type Round, toJobRow, toSkippedRow } from './report.ts'

const timeoutMs = 600_000

interface Entry {
  readonly engine: Engine
  readonly variant: Variant
  /** Ready to run, or why not. */
  readonly launcher: Launcher | string
  readonly rounds: Round[]
}

/** Runs a job by all engines in turns, round by round, so that a machine that slows down meanwhile slows all of them. */
export async function runJob(bench: Bench, job: PreparedJob, engines: readonly Engine[]): Promise<JobRow[]> {
  const entries: Entry[] = []
  for (const engine of engines) {
    const variants = engine.variants[job.name] ?? []
    const launcher = variants.length === 0 ? '' : await prepareEngine(bench, engine)
    for (const variant of variants) entries.push({ engine, variant, launcher: variant.skipped ?? launcher, rounds: [] })
  }
  for (let round = 1; round <= bench.rounds; round++) {
    for (const { engine, variant, launcher, rounds } of entries) {
      if (typeof launcher === 'string') continue
      const outcome = await runRound(bench, job, { engine, variant, launcher })
      rounds.push(outcome)
      const name = `${engine.name} ${variant.mode} ×${variant.processes}`
      bench.place.say(`${job.name}, round ${round} of ${bench.rounds}: ${name} ${describeRound(outcome)}`)
    }
  }
  return entries.map(({ engine, variant, launcher, rounds }) =>
    typeof launcher === 'string'
      ? toSkippedRow(engine.name, variant, launcher)
      : toJobRow(engine.name, variant, rounds),
  )
}

/** Its launcher, or the reason why it has to be skipped. */
export async function prepareEngine(bench: Bench, engine: Engine): Promise<Launcher | string> {
  try {
    return await engine.prepare(bench.place)
  } catch (error) {
    const reason = describeError(error)
    bench.place.say(`${engine.name} is skipped: ${reason}`)
    return reason
  }
}

export interface Runner {
  readonly engine: Engine
  readonly variant: Variant
  readonly launcher: Launcher
}

/** One run, measured and judged; of the whole topic, or as `change` says. */
export async function runRound(
  bench: Bench,
  job: PreparedJob,
  { engine, variant, launcher }: Runner,
  change: Pick<Partial<DrainTask>, 'spans' | 'warmUp'> = {},
): Promise<Round> {
  const { id, folder } = await bench.createRun()
  try {
    const task = { ...(await job.createTask({ id, folder, mode: variant.mode }, engine)), ...change }
    const measured = await runTask(launcher, task, variant.processes, { timeoutMs, signal: bench.signal })
    return { kind: 'measured', measured, fault: await job.findFault(task, measured.reports, engine) }
  } catch (error) {
    bench.signal.throwIfAborted()
    return { kind: 'crashed', reason: describeError(error) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function describeRound(round: Round): string {
  if (round.kind === 'crashed') return `crashed: ${round.reason}`
  if (round.fault !== undefined) return `is wrong: ${round.fault}`
  return `${Math.round(round.measured.recordsPerSecond).toLocaleString('en')}/s`
}
