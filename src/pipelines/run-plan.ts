import type { ChosenAnalysis } from '../analyses/all.ts'
import type { Plan } from '../analyses/plan.ts'
import { type AnalysisOptions, type AnalysisProgress, runAnalysis } from './run-analysis.ts'

export interface PlanOptions extends Omit<AnalysisOptions, 'analysis'> {
  readonly plan: Plan
}

/**
 * Works on all stages of a plan in this process, the topics between them made if missing. Each stage is effectively once by
 * itself and reads only what the one before it has committed, so together they are. Several processes of one plan share the
 * partitions of every stage.
 *
 * @returns the records and partitions of the first stage; what is refused and what is not folded yet of all of them
 */
export async function runPlan({ plan, ...options }: PlanOptions): Promise<AnalysisProgress> {
  const { stages } = plan
  await options.broker.admin.ensureTopics(stages.map(({ output }) => output))
  const told: AnalysisProgress[] = stages.map(() => none)
  const troubles: (string | undefined)[] = stages.map(() => undefined)
  const over = new AbortController()
  const signal = AbortSignal.any([options.signal, over.signal])

  const run = async (analysis: ChosenAnalysis, stage: number): Promise<void> => {
    const progress = await runAnalysis({
      ...options,
      analysis,
      signal,
      onProgress: (news) => {
        told[stage] = news
        options.onProgress?.(together(told))
      },
      onTrouble: (reason) => {
        troubles[stage] = reason
        options.onTrouble?.(troubles.find((each) => each !== undefined))
      },
    })
    told[stage] = progress
  }
  if (options.untilEnd) {
    // What a stage reads has its end only when the stage before it, in all processes, has come to its own.
    for (const [stage, analysis] of stages.entries()) if (!signal.aborted) await run(analysis, stage)
  } else {
    const runs = stages.map((analysis, stage) => run(analysis, stage).finally(() => over.abort()))
    await Promise.allSettled(runs)
    await Promise.all(runs)
  }
  return together(told)
}

const none: AnalysisProgress = { records: 0, refused: 0, lagRecords: 0, newestSentAt: null, partitions: [] }

function together(stages: readonly AnalysisProgress[]): AnalysisProgress {
  const total = (of: (stage: AnalysisProgress) => number): number => stages.reduce((sum, stage) => sum + of(stage), 0)
  const { records, newestSentAt, partitions } = stages[0] ?? none
  const [refused, lagRecords] = [total((stage) => stage.refused), total((stage) => stage.lagRecords)]
  return { records, refused, lagRecords, newestSentAt, partitions }
}
