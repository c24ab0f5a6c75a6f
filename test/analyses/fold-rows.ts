import type { Fold, Result, State } from '../../src/analyses/analysis.ts'

/** What a fold reports after each row, its state kept between them by `keep`. */
export function foldRows<R, S extends State, T extends Result>(
  fold: Fold<R, S, T>,
  rows: Iterable<R>,
  keep: (state: S, row: number) => S = (state) => state,
): { reports: (T | undefined)[]; reasons: (string | undefined)[]; state: S } {
  let state = fold.begin()
  const reports: (T | undefined)[] = []
  const reasons: (string | undefined)[] = []
  for (const row of rows) {
    reasons.push(fold.fold(state, row))
    reports.push(fold.report(state))
    state = keep(state, reports.length)
  }
  return { reports, reasons, state }
}
