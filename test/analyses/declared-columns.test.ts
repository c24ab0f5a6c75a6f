import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { defineAnalysis } from '../../src/analyses/analysis.ts'
import { prices } from '../../src/topics/prices.ts'

/** The volumes of a symbol in all: an analysis whose types are all inferred. */
const volume = defineAnalysis({
  name: 'volume',
  input: prices,
  reads: ['symbol', 'volume'],
  settings: { least: { default: 0, min: 0, max: 10, whole: true } },
  keyBy: (row) => row.symbol,
  create: ({ least }) => ({
    begin: () => ({ symbol: '', total: 0 }),
    fold(state: { symbol: string; total: number }, row) {
      state.symbol = row.symbol
      // An optional column may be null, and the compiler knows it.
      state.total += Math.max(least, row.volume ?? 0)
      return undefined
    },
    report: ({ symbol, total }: { symbol: string; total: number }) => ({ symbol, total }),
  }),
  emits: { key: ['symbol'], columns: ['symbol', 'total'] },
})

/** None of these is ever called: each must fail to compile. */
export const mistakes = [
  () =>
    defineAnalysis({
      ...volume,
      // @ts-expect-error the column `close` is not among those it reads
      keyBy: (row) => String(row.close),
    }),
  () =>
    defineAnalysis({
      ...volume,
      create: () => ({
        begin: () => ({ symbol: '', total: 0 }),
        fold(state: { symbol: string; total: number }, row) {
          // @ts-expect-error the column `close` is not among those it reads
          state.total += row.close
          return undefined
        },
        report: ({ symbol, total }: { symbol: string; total: number }) => ({ symbol, total }),
      }),
    }),
  () =>
    defineAnalysis({
      ...volume,
      // @ts-expect-error prices have no column `airline`
      reads: ['symbol', 'airline'],
    }),
  () =>
    defineAnalysis({
      ...volume,
      // @ts-expect-error its results have no column `sum`
      emits: { key: ['symbol'], columns: ['symbol', 'sum'] },
    }),
  // @ts-expect-error it has no setting `period`
  () => volume.create({ period: 3 }),
]

describe('an analysis', () => {
  it('is what was declared', () => {
    assert.deepEqual([volume.name, volume.reads, volume.input], ['volume', ['symbol', 'volume'], prices])
    const fold = volume.create({ least: 5 })
    const state = fold.begin()
    fold.fold(state, { symbol: 'A', volume: null })
    fold.fold(state, { symbol: 'A', volume: 7 })
    assert.deepEqual(fold.report(state), { symbol: 'A', total: 12 })
  })

  it('that names a column it did not declare does not compile', () => {
    // The compiler checks each of them: an error that is expected and missing is an error.
    assert.equal(mistakes.length, 5)
  })
})
