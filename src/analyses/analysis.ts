import type { Fields, Row } from '../model/schema.ts'
import type { Stream } from '../topics/topic.ts'
import type { State, StateFields } from './state.ts'

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

/**
 * What is computed from a stream. Its functions are pure: the same rows in the same order give the same states and results,
 * bit for bit, whoever runs it and however often it was interrupted. No clock, no randomness, no input or output.
 *
 * @typeParam F the fields of the stream
 * @typeParam R the names of those it reads
 * @typeParam K the names of those that make the key
 * @typeParam V its settings
 * @typeParam B the fields of its state
 * @typeParam T its result
 */
export interface Analysis<
  F extends Fields = Fields,
  R extends keyof F & string = keyof F & string,
  K extends R = R,
  V extends Settings = Settings,
  B extends StateFields = StateFields,
  T extends Result = Result,
> {
  /** Also the name of its consumer group, its result topic and its chart. */
  readonly name: string
  readonly input: Stream<F>
  /** The columns it needs; `fold` sees no others. */
  readonly reads: readonly R[]
  /** The columns that make the key: rows with the same values share a state. */
  readonly keyBy: readonly K[]
  readonly settings: V
  /** What is kept of a key, as it is before its first row. */
  begin(settings: SettingValues<V>): B
  /** Takes in one row. Returns the reason when the row cannot be taken, and then leaves the state as it was. */
  fold(state: State<B>, row: Row<F, R>, settings: SettingValues<V>): string | undefined
  /** The result of a key whose last row has just been taken; undefined while there is none. */
  report(state: State<B>, key: Row<F, K>, settings: SettingValues<V>): T | undefined
  readonly emits: Emits<T>
}

export interface Emits<T extends Result = Result> {
  /**
   * `row`: every row has a result of its own. `key`: a key has one result, which its rows change; of several changes at once the
   * last one is sent.
   */
  readonly per: 'row' | 'key'
  /** The columns of the result that are its key. */
  readonly key: readonly (keyof T & string)[]
  /** The result's columns in their order. */
  readonly columns: readonly (keyof T & string)[]
}

/** Declares an analysis; the row that `fold` sees is inferred from `reads`, so an undeclared column does not compile. */
export function defineAnalysis<
  F extends Fields,
  R extends keyof F & string,
  K extends R,
  V extends Settings,
  B extends StateFields,
  T extends Result,
>(analysis: Analysis<F, R, K, V, B, T>): Analysis<F, R, K, V, B, T> {
  return analysis
}
