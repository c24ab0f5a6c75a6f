import type { ChosenAnalysis } from '../analyses/all.ts'
import { type Plan, planAnalysis } from '../analyses/plan.ts'
import type { Broker } from '../broker/broker.ts'
import { systemClock } from '../foundation/clock.ts'
import { describeError } from '../foundation/errors.ts'
import type { PackPlan, Parcel } from '../pipelines/pack-rows.ts'
import { publishSource, type PublishProgress } from '../pipelines/publish-source.ts'
import { startStatusReporter } from '../pipelines/report-status.ts'
import type { AnalysisProgress } from '../pipelines/run-analysis.ts'
import { runPlan } from '../pipelines/run-plan.ts'
import type { Pace } from '../sources/pace.ts'
import type { Pacer } from '../sources/pacer.ts'
import { quarantine } from '../topics/quarantine.ts'
import { status } from '../topics/status.ts'
import type { ChosenSource } from './sources.ts'

/** The work of a process, the same whether it is one of its own or a part of `up` with the in-process log. */

export interface PublishWork extends ChosenSource {
  readonly pace: Pace
  readonly history: number
  readonly resume: boolean
  readonly playback: 'replay' | 'live'
  /** To pause and resume from outside. */
  readonly pacer?: Pacer
  /** How many rows the source has, once that is known. */
  readonly rows?: Promise<number | undefined>
  /** Where the source is read elsewhere: the parcels it makes, and how many bytes of it were read. */
  readonly elsewhere?: { readonly pack: (plan: PackPlan) => AsyncIterable<Parcel>; readonly bytesRead: () => number }
}

/** Publishes a source to its topic, made if missing, and tells the status topic about it. */
export async function doPublish(broker: Broker, work: PublishWork, signal: AbortSignal): Promise<PublishProgress> {
  const { source, stream, elsewhere } = work
  await broker.admin.ensureTopics([stream, quarantine, status])
  let rows: number | undefined
  work.rows?.then(
    (counted) => {
      rows = counted
    },
    () => {}, // the source itself will say what is wrong
  )
  const publisher = broker.openPublisher(`${stream.name}-status`)
  const reporter = startStatusReporter(publisher, systemClock, {
    name: stream.name,
    role: 'source',
    playback: work.playback,
  })
  try {
    const totals = await publishSource({
      ...work,
      ...(elsewhere === undefined ? {} : { pack: elsewhere.pack }),
      broker,
      clock: systemClock,
      signal,
      onProgress: ({ acknowledged, skipped, refused, newestSentAt }) =>
        reporter.update({
          records: acknowledged,
          newestSentAt,
          progress: progressOf(acknowledged + skipped, rows, elsewhere?.bytesRead() ?? source.bytesRead, source.bytes),
          note: noteOf(skipped, refused),
        }),
    })
    reporter.update({ progress: signal.aborted ? null : 1 })
    await reporter.end('stopped', noteOf(totals.skipped, totals.refused))
    return totals
  } catch (error) {
    await reporter.end('failed', describeError(error))
    throw error
  } finally {
    await publisher.close()
  }
}

/** Below 1 until the source has ended. */
function progressOf(
  done: number,
  rows: number | undefined,
  bytesRead: number,
  bytes: number | undefined,
): number | null {
  if (rows !== undefined && rows > 0) return Math.min(0.999, done / rows)
  return bytes === undefined ? null : Math.min(0.999, bytesRead / bytes)
}

function noteOf(skipped: number, refused: number): string | null {
  const parts = [
    ...(skipped > 0 ? [`${skipped} rows were sent by an earlier run`] : []),
    ...(refused > 0 ? [`${refused} rows are in the quarantine`] : []),
  ]
  return parts.length === 0 ? null : parts.join(', ')
}

export interface AnalysisWork {
  readonly analysis: ChosenAnalysis
  /** Left out, the plan that is chosen by itself. */
  readonly plan?: Plan
  /** Who this process is in its group, over restarts. */
  readonly memberId?: string
  readonly untilEnd: boolean
  /** To pause and resume from outside. */
  readonly pacer?: Pacer
  /** Told when the broker goes away and comes back. */
  readonly onTrouble?: (reason: string | undefined) => void
  /** Told what a person should know. */
  readonly onNotice?: (notice: string) => void
}

/** Runs an analysis, its topics made if missing, and tells the status topic about it. */
export async function doAnalyse(broker: Broker, work: AnalysisWork, signal: AbortSignal): Promise<AnalysisProgress> {
  const { analysis, plan = planAnalysis(analysis) } = work
  await broker.admin.ensureTopics([analysis.input, quarantine, status])
  const publisher = broker.openPublisher(`${analysis.group}-status`)
  const reporter = startStatusReporter(publisher, systemClock, {
    name: analysis.group,
    role: 'analysis',
    playback: null,
  })
  try {
    const progress = await runPlan({
      ...work,
      plan,
      broker,
      signal,
      onProgress: ({ records, lagRecords, newestSentAt }) => reporter.update({ records, lagRecords, newestSentAt }),
      onTrouble: (reason) => {
        reporter.update({ note: reason === undefined ? null : `waiting for the broker: ${reason}` })
        work.onTrouble?.(reason)
      },
      onNotice: (notice) => {
        reporter.update({ note: notice })
        work.onNotice?.(notice)
      },
    })
    await reporter.end('stopped', null)
    return progress
  } catch (error) {
    await reporter.end('failed', describeError(error))
    throw error
  } finally {
    await publisher.close()
  }
}
