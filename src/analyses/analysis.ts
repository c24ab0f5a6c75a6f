import type { Fields, Row } from '../model/schema.ts'
import type { Stream } from '../topics/topic.ts'

/** A setting of an analysis: a number with its default and its bounds. */
export interface Setting {
  readonly default: number
  readonly min: number
  readonly max: number
  readonly whole: boolean
}

export type Settings = Readonly<Record<string, Setting>>
export type SettingValues<T extends Settings = Settings> = { readonly [N in keyof T]: number }

/** A result: an upsert under the columns of its key. */
export type Result = Readonly<Record<string, string | number>>

/** The state of one key: plain data that survives JSON unchanged, since it is stored so. */
export type State = object

/**
 * The pure part: the same rows in the same order give the same states and results, bit for bit, whoever runs it and however
 * often it was interrupted. No clock, no randomness, no input or output.
 */
export interface Fold<R, S extends State, T extends Result> {
  /** The state of a key nobody has seen. */
  begin(): S
  /** Takes in one row. Returns the reason when the row cannot be taken, and then leaves the state as it was. */
  fold(state: S, row: R): string | undefined
  /** The result that the last row changed; undefined while there is none. */
  report(state: S): T | undefined
}

export interface Analysis<
  F extends Fields = Fields,
  K extends keyof F & string = keyof F & string,
  S extends State = State,
  T extends Result = Result,
  V extends Settings = Settings,
> {
  /** Also the name of its consumer group, its result topic and its chart. */
  readonly name: string
  readonly input: Stream<F>
  /** The columns it needs; `fold` sees no others. */
  readonly reads: readonly K[]
  readonly settings: V
  /** Which state a row belongs to. */
  keyBy(row: Row<F, K>): string
  create(settings: SettingValues<V>): Fold<Row<F, K>, S, T>
  /** The result's columns in their order, the first of them its key. */
  readonly emits: { readonly key: readonly (keyof T & string)[]; readonly columns: readonly (keyof T & string)[] }
}

/** Declares an analysis; the row that `fold` sees is inferred from `reads`, so an undeclared column does not compile. */
export function defineAnalysis<
  F extends Fields,
  K extends keyof F & string,
  S extends State,
  T extends Result,
  V extends Settings,
>(analysis: Analysis<F, K, S, T, V>): Analysis<F, K, S, T, V> {
  return analysis
}
