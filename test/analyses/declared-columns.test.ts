import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { defineAnalysis } from '../../src/analyses/analysis.ts'
import { count, latest, sum, text, type Latest } from '../../src/analyses/state.ts'
import { prices } from '../../src/topics/prices.ts'
import { oneKeyOf } from './fold-rows.ts'

/** True where two types take each other's values; never for `any`, which takes all. */
type Same<A, B> = 0 extends 1 & A ? false : [A, B] extends [B, A] ? true : false
const same = <A, B>(isSame: Same<A, B>): boolean => isSame

/** The volumes of a symbol in all: an analysis whose types are all inferred. */
const volume = defineAnalysis({
  name: 'volume',
  input: prices,
  reads: ['symbol', 'date', 'volume'],
  keyBy: ['symbol'],
  settings: { least: { default: 0, min: 0, max: 10, whole: true } },
  begin: ({ least }) => ({ days: count(), total: sum(), date: text(), newest: latest(least + 1) }),
  fold(state, row, settings) {
    same<typeof row, { readonly symbol: string; readonly date: string; readonly volume: number | null }>(true)
    same<typeof settings, { readonly least: number }>(true)
    same<typeof state.days, number>(true)
    same<typeof state.total, number>(true)
    same<typeof state.date, string>(true)
    same<typeof state.newest, Latest>(true)
    same<keyof typeof state, 'days' | 'total' | 'date' | 'newest'>(true)
    // An optional column may be null, and the compiler knows it.
    state.total += Math.max(settings.least, row.volume ?? 0)
    state.days++
    state.date = row.date
    state.newest.push(row.volume ?? NaN)
    return undefined
  },
  report({ days, total, newest }, key, settings) {
    same<typeof key, { readonly symbol: string }>(true)
    same<typeof settings, { readonly least: number }>(true)
    return { symbol: key.symbol, days, total, kept: newest.length }
  },
  emits: { per: 'key', key: ['symbol'], columns: ['symbol', 'days', 'total', 'kept'] },
})

/** As `volume`, for what is wrong in one place only. */
const rest = {
  name: 'volume',
  input: prices,
  settings: { least: { default: 0, min: 0, max: 10, whole: true } },
} as const
const begin = () => ({ total: sum(), date: text(), newest: latest(3) })
const fold = (): undefined => undefined
const report = () => ({ symbol: 'A', total: 1 })
const reads = ['symbol', 'volume'] as const
const keyBy = ['symbol'] as const
const emits = { per: 'key', key: ['symbol'], columns: ['symbol', 'total'] } as const

/** What compiles: whatever does not in `mistakes` is due to what differs from it. */
export const sound = (): unknown => defineAnalysis({ ...rest, reads, keyBy, begin, fold, report, emits })

/** None of these is ever called: each must fail to compile. */
export const mistakes = [
  () =>
    defineAnalysis({
      ...rest,
      reads,
      keyBy,
      begin,
      fold(state, row) {
        // @ts-expect-error the column `close` is not among those it reads
        state.total += row.close
        // @ts-expect-error `volume` may be empty
        state.total += row.volume
        // @ts-expect-error a row is only read
        row.volume = 7
        return undefined
      },
      report,
      emits,
    }),
  () =>
    defineAnalysis({
      ...rest,
      reads,
      keyBy,
      begin,
      fold(state) {
        // @ts-expect-error its state has no field `days`
        state.days++
        // @ts-expect-error `total` is a number
        state.total = 'much'
        // @ts-expect-error `date` is text
        state.date = 7
        // @ts-expect-error the last numbers are changed by what they can do, not by others in their place
        state.newest = [1, 2]
        // @ts-expect-error they are numbers
        state.newest.push('much')
        return undefined
      },
      report,
      emits,
    }),
  () =>
    defineAnalysis({
      ...rest,
      reads,
      keyBy,
      begin,
      fold,
      // @ts-expect-error its state has no field `days`
      report: ({ days }, { symbol }) => ({ symbol, total: Number(days) }),
      emits,
    }),
  () =>
    defineAnalysis({
      ...rest,
      reads,
      keyBy,
      begin,
      fold,
      // @ts-expect-error it reads `volume`, which is no part of its key
      report: ({ total }, { symbol, volume: last }) => ({ symbol, total: total + Number(last) }),
      emits,
    }),
  () =>
    defineAnalysis({
      ...rest,
      // @ts-expect-error prices have no column `airline`
      reads: ['symbol', 'airline'],
      keyBy,
      begin,
      fold,
      report,
      emits,
    }),
  () =>
    defineAnalysis({
      ...rest,
      reads,
      // @ts-expect-error `date` is a column of prices, but not among those it reads
      keyBy: ['symbol', 'date'],
      begin,
      fold,
      report,
      emits,
    }),
  () =>
    defineAnalysis({
      ...rest,
      reads,
      // @ts-expect-error prices have no column `airline`
      keyBy: ['airline'],
      begin,
      fold,
      report,
      emits,
    }),
  () =>
    defineAnalysis({
      ...rest,
      reads,
      keyBy,
      // @ts-expect-error a field of a state is declared by what it is
      begin: () => ({ total: 0 }),
      fold,
      report,
      emits,
    }),
  () =>
    defineAnalysis({
      ...rest,
      reads,
      keyBy,
      begin,
      fold,
      report,
      // @ts-expect-error its results have no column `sum`
      emits: { per: 'key', key: ['symbol'], columns: ['symbol', 'sum'] },
    }),
  () =>
    defineAnalysis({
      ...rest,
      reads,
      keyBy,
      begin,
      fold,
      report,
      // @ts-expect-error its results have no column `date`
      emits: { per: 'key', key: ['symbol', 'date'], columns: ['symbol', 'total'] },
    }),
  () =>
    defineAnalysis({
      ...rest,
      reads,
      keyBy,
      begin,
      fold,
      report,
      // @ts-expect-error a result is of a row or of a key
      emits: { per: 'day', key: ['symbol'], columns: ['symbol', 'total'] },
    }),
  () =>
    defineAnalysis({
      ...rest,
      reads,
      keyBy,
      // @ts-expect-error it has no setting `period`
      begin: ({ period }) => ({ newest: latest(Number(period)) }),
      fold,
      report,
      emits,
    }),
  () =>
    defineAnalysis({
      ...rest,
      reads,
      keyBy,
      begin,
      // @ts-expect-error it has no setting `period`
      fold: (_state, _row, { period }) => String(period),
      report,
      emits,
    }),
  // @ts-expect-error it has no setting `period`
  () => volume.begin({ period: 3 }),
]

describe('an analysis', () => {
  it('is what was declared', () => {
    assert.deepEqual([volume.name, volume.reads, volume.input], ['volume', ['symbol', 'date', 'volume'], prices])
    assert.deepEqual(volume.keyBy, ['symbol'])
    assert.deepEqual(volume.begin({ least: 5 }), {
      days: { kind: 'number', initial: 0, merge: 'sum' },
      total: { kind: 'number', initial: 0, merge: 'sum' },
      date: { kind: 'text' },
      newest: { kind: 'latest', length: 6 },
    })
    const key = oneKeyOf(volume, { least: 5 })
    key.take({ symbol: 'A', date: '2015-01-05', volume: null })
    key.take({ symbol: 'A', date: '2015-01-06', volume: 7 })
    assert.deepEqual(key.report(), { symbol: 'A', days: 2, total: 12, kept: 2 })
    assert.equal(key.stored, '{"days":2,"total":12,"date":"2015-01-06","newest":["NaN",7]}')
  })

  it('that names what it did not declare does not compile', () => {
    // The compiler checks each of them: an error that is expected and missing is an error.
    assert.equal(mistakes.length, 14)
  })
})
