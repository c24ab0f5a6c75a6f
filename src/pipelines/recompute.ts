import type { ChosenAnalysis } from '../analyses/all.ts'
import type { Result } from '../analyses/analysis.ts'
import type { Source } from '../sources/source.ts'
import { keyOf } from './result-writer.ts'
import { Folding } from './folding.ts'

export interface Recomputed {
  readonly results: readonly Result[]
  readonly rows: number
  readonly refused: number
}

/** Computes an analysis over a source, with no broker: what the live results must be equal to. */
export async function recompute(analysis: ChosenAnalysis, source: Source, signal: AbortSignal): Promise<Recomputed> {
  const folding = new Folding(analysis)
  const results = new Map<string, Result>()
  let rows = 0
  let refused = 0
  for await (const frame of source.observe(signal)) {
    rows += frame.length
    refused += frame.refusals.length + folding.take(frame).length
    for (const { result } of folding.takeUpserts()) results.set(keyOf(analysis.emits.key, result), result)
  }
  return { results: [...results.values()], rows, refused }
}
