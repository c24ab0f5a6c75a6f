import type { ChosenAnalysis } from '../analyses/all.ts'
import type { Result, State } from '../analyses/analysis.ts'
import type { Frame, Refusal } from '../model/frame.ts'

/** Where a result came from: the record that changed it last. */
export interface Provenance {
  readonly origin: string
  /** Its line or offset. */
  readonly position: number
}

export interface Upsert {
  readonly key: string
  readonly result: Result
  readonly from: Provenance
}

/** An analysis at work on frames: the states of all keys, and what changed since it was last asked. */
export class Folding {
  private readonly analysis: ChosenAnalysis
  private readonly states = new Map<string, State>()
  private changed = new Set<string>()
  private upserts = new Map<string, Upsert>()

  constructor(analysis: ChosenAnalysis, states: Iterable<readonly [string, State]> = []) {
    this.analysis = analysis
    for (const [key, state] of states) this.states.set(key, state)
  }

  /** Folds every row of the frame, in order, and returns the ones that the analysis refused. */
  take(frame: Frame): Refusal[] {
    const { fold, emits } = this.analysis
    const refusals: Refusal[] = []
    for (let index = 0; index < frame.length; index++) {
      const row = frame.rowAt(index)
      const stateKey = this.analysis.keyBy(row)
      let state = this.states.get(stateKey)
      if (state === undefined) this.states.set(stateKey, (state = fold.begin()))
      const reason = fold.fold(state, row)
      if (reason !== undefined) {
        refusals.push({ position: frame.positionAt(index), reason, sample: JSON.stringify(frame.recordAt(index)) })
        continue
      }
      this.changed.add(stateKey)
      const result = fold.report(state)
      if (result === undefined) continue
      const key = keyOf(emits.key, result)
      this.upserts.set(key, { key, result, from: { origin: frame.originAt(index), position: frame.positionAt(index) } })
    }
    return refusals
  }

  /** The newest result of every key that changed since the last call. */
  takeUpserts(): Upsert[] {
    const taken = [...this.upserts.values()]
    this.upserts = new Map()
    return taken
  }

  /** The states that changed since the last call. */
  takeStates(): [string, State][] {
    const taken = [...this.changed].map((key): [string, State] => [key, this.states.get(key) ?? {}])
    this.changed = new Set()
    return taken
  }
}

/** The key of a result, as it is on the result topic. */
export function keyOf(columns: readonly string[], result: Result): string {
  return JSON.stringify(columns.map((column) => result[column] ?? null))
}
