import type { Analysis, Result, Settings, SettingValues } from '../../src/analyses/analysis.ts'
import type { StateFields } from '../../src/analyses/state.ts'
import type { Fields, Row } from '../../src/model/schema.ts'
import { StateTable } from '../../src/pipelines/state-table.ts'

/** An analysis with its settings chosen, as `chooseAnalysis` gives one too. */
interface Chosen<T extends Result> {
  readonly keyBy: readonly string[]
  readonly state: StateFields
  fold(state: unknown, row: unknown): string | undefined
  report(state: unknown, key: unknown): T | undefined
}

/** The state of one key in a table as the product has one, and the rows it takes. */
export class OneKey<R extends object, T extends Result> {
  private readonly analysis: Chosen<T>
  private table: StateTable
  private slot = 0
  private key: object = {}

  constructor(analysis: Chosen<T>) {
    this.analysis = analysis
    this.table = new StateTable(analysis.state)
  }

  /** Takes in a row; returns the reason when it was refused. */
  take(row: R): string | undefined {
    const cells = new Map<string, unknown>(Object.entries(row))
    this.key = Object.fromEntries(this.analysis.keyBy.map((column) => [column, cells.get(column)]))
    return this.analysis.fold(this.table.at(this.slot), row)
  }

  report(): T | undefined {
    return this.analysis.report(this.table.at(this.slot), this.key)
  }

  /** The state as it is stored. */
  get stored(): string {
    return this.table.encode(this.slot)
  }

  /** Stores the state and goes on from what was stored, in another table and at another slot. */
  interrupt(): void {
    const table = new StateTable(this.analysis.state)
    table.decode(this.slot + 1, JSON.parse(this.stored))
    this.table = table
    this.slot++
  }
}

/** One key of a declared analysis, its rows and results typed. */
export function oneKeyOf<
  F extends Fields,
  R extends keyof F & string,
  K extends R,
  V extends Settings,
  B extends StateFields,
  T extends Result,
>(analysis: Analysis<F, R, K, V, B, T>, settings: SettingValues<V>): OneKey<Row<F, R>, T> {
  // Methods are compared bivariantly: the types of row, state and settings meet nothing but the analysis itself.
  const erased: ErasedAnalysis<T> = analysis
  return new OneKey({
    keyBy: analysis.keyBy,
    state: analysis.begin(settings),
    fold: (state, row) => erased.fold(state, row, settings),
    report: (state, key) => erased.report(state, key, settings),
  })
}

interface ErasedAnalysis<T extends Result> {
  fold(state: unknown, row: unknown, settings: SettingValues): string | undefined
  report(state: unknown, key: unknown, settings: SettingValues): T | undefined
}

/** What a key reports after each of the rows; `isInterrupted` says after which of them, from 1 on, it is interrupted. */
export function foldRows<R extends object, T extends Result>(
  key: OneKey<R, T>,
  rows: Iterable<R>,
  isInterrupted: (row: number) => boolean = () => false,
): { reports: (T | undefined)[]; reasons: (string | undefined)[]; stored: string } {
  const reports: (T | undefined)[] = []
  const reasons: (string | undefined)[] = []
  for (const row of rows) {
    reasons.push(key.take(row))
    reports.push(key.report())
    if (isInterrupted(reports.length)) key.interrupt()
  }
  return { reports, reasons, stored: key.stored }
}
