import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { createAlignedColumns } from '../../../src/dashboard/browser/aligned-columns.ts'
import { createStore, symbolsMax, type Series } from '../../../src/dashboard/browser/store.ts'
import type { LiveTable, LiveUpdate, TableUpdate } from '../../../src/model/live.ts'

type Cell = string | number | null

function rows(names: string, ...values: readonly (readonly Cell[])[]): TableUpdate {
  const columns = new Map(names.split(' ').map((name, at) => [name, values.map((row) => row[at] ?? null)]))
  return { columns: Object.fromEntries(columns), newestSentAt: null }
}

function updateOf(tables: Partial<Record<LiveTable, TableUpdate>>, full = false): LiveUpdate {
  return {
    at: 0,
    full,
    tables,
    system: {
      version: '0',
      broker: { kind: 'up', address: 'localhost:9092' },
      processes: [],
      topics: [],
      quarantined: 0,
      playback: 'replay',
      canPlayAgain: false,
    },
  }
}

const bars = 'symbol date open high low close volume'
const bands = 'symbol date close middle upper lower'
const aroons = 'symbol date up down oscillator'
const flights = 'airline day flights'

function seen(series: Series | undefined, ...names: readonly string[]): readonly (readonly Cell[])[] {
  const { columns } = series ?? { columns: createAlignedColumns(1) }
  return columns.keys.map((key, row) => [key, ...names.map((name) => columns.column(name)[row] ?? null)])
}

test('bars of one symbol are appended in the order of their dates', () => {
  const store = createStore()
  store.apply(updateOf({ prices: rows(bars, ['A', '2020-01-02', 1, 2, 0, 1, 9], ['B', '2020-01-02', 5, 5, 5, 5, 5]) }))
  store.apply(updateOf({ prices: rows(bars, ['A', '2020-01-03', 2, 3, 1, 2, 8]) }))
  deepEqual(store.symbols(), ['A', 'B'])
  deepEqual(seen(store.series('A'), 'open', 'high', 'low', 'close', 'volume'), [
    ['2020-01-02', 1, 2, 0, 1, 9],
    ['2020-01-03', 2, 3, 1, 2, 8],
  ])
})

test('a bar of a known date replaces the earlier one in place', () => {
  const store = createStore()
  store.apply(updateOf({ prices: rows(bars, ['A', '1', 1, 1, 1, 1, 1], ['A', '2', 2, 2, 2, 2, 2]) }))
  store.apply(updateOf({ prices: rows(bars, ['A', '1', 7, 7, 7, 7, 7], ['A', '2', 8, 8, 8, 8, 8]) }))
  deepEqual(seen(store.series('A'), 'close'), [
    ['1', 7],
    ['2', 8],
  ])
})

test('of two rows with one key in the same update the later one holds', () => {
  const store = createStore()
  store.apply(updateOf({ 'flights-per-day': rows(flights, ['WN', '2015-01-01', 3], ['WN', '2015-01-01', 4]) }))
  deepEqual(seen(store.flights, 'WN'), [['2015-01-01', 4]])
})

test('a bar that comes late is put where its date belongs, and every column stays aligned', () => {
  const store = createStore()
  store.apply(updateOf({ prices: rows(bars, ['A', '1', 1, 1, 1, 1, 1], ['A', '4', 4, 4, 4, 4, 4]) }))
  store.apply(updateOf({ aroon: rows(aroons, ['A', '4', 100, 0, 100]) }))
  store.apply(
    updateOf({ prices: rows(bars, ['A', '3', 3, 3, 3, 3, 3], ['A', '0', 0, 0, 0, 0, 0], ['A', '2', 2, 2, 2, 2, 2]) }),
  )
  deepEqual(seen(store.series('A'), 'close', 'up'), [
    ['0', 0, null],
    ['1', 1, null],
    ['2', 2, null],
    ['3', 3, null],
    ['4', 4, 100],
  ])
})

test('indicators stand at the dates of their bars and are null where they are missing', () => {
  const store = createStore()
  store.apply(
    updateOf({
      prices: rows(bars, ['A', '1', 1, 1, 1, 1, 1], ['A', '2', 2, 2, 2, 2, 2], ['A', '3', 3, 3, 3, 3, 3]),
      bollinger: rows(bands, ['A', '2', 2, 1.5, 3, 0]),
      aroon: rows(aroons, ['A', '3', 50, 100, -50]),
    }),
  )
  deepEqual(seen(store.series('A'), 'close', 'middle', 'oscillator'), [
    ['1', 1, null, null],
    ['2', 2, 1.5, null],
    ['3', 3, null, -50],
  ])
})

test('an indicator that comes before its bar keeps a place for it', () => {
  const store = createStore()
  store.apply(updateOf({ bollinger: rows(bands, ['A', '1', 10, 9, 11, 7]) }))
  deepEqual(seen(store.series('A'), 'open', 'close', 'upper'), [['1', null, 10, 11]])
  store.apply(updateOf({ prices: rows(bars, ['A', '1', 8, 12, 8, 10.5, 3]) }))
  store.apply(updateOf({ bollinger: rows(bands, ['A', '1', 10, 9, 11, 7]) }))
  deepEqual(seen(store.series('A'), 'open', 'close', 'upper'), [['1', 8, 10.5, 11]])
})

test('an airline that comes later has no count on the days before', () => {
  const store = createStore()
  store.apply(updateOf({ 'flights-per-day': rows(flights, ['WN', '1', 3]) }))
  store.apply(updateOf({ 'flights-per-day': rows(flights, ['DL', '2', 5]) }))
  deepEqual(seen(store.flights, 'WN', 'DL'), [
    ['1', 3, null],
    ['2', null, 5],
  ])
})

test('a full update forgets everything from before, ages included', () => {
  const store = createStore()
  store.apply(updateOf({ prices: { ...rows(bars, ['A', '1', 1, 1, 1, 1, 1]), newestSentAt: 5 } }))
  equal(store.newestSentAt('prices'), 5)
  const before = store.flights.revision
  store.apply(updateOf({ prices: rows(bars, ['B', '1', 1, 1, 1, 1, 1]) }, true))
  deepEqual(store.symbols(), ['B'])
  equal(store.newestSentAt('prices'), null)
  equal(store.flights.revision > before, true)
})

test('an age that an update does not know leaves the known one', () => {
  const store = createStore()
  store.apply(updateOf({ aroon: { ...rows(aroons, ['A', '1', 1, 1, 1]), newestSentAt: 7 } }))
  store.apply(updateOf({ aroon: rows(aroons, ['A', '2', 1, 1, 1]) }))
  equal(store.newestSentAt('aroon'), 7)
})

test('only the series that took a row in has another revision', () => {
  const store = createStore()
  store.apply(updateOf({ prices: rows(bars, ['A', '1', 1, 1, 1, 1, 1], ['B', '1', 1, 1, 1, 1, 1]) }))
  const [a, b] = [store.series('A')?.revision, store.series('B')?.revision]
  store.apply(updateOf({ prices: rows(bars, ['A', '2', 1, 1, 1, 1, 1]) }))
  equal(store.series('A')?.revision === a, false)
  equal(store.series('B')?.revision, b)
})

test('names that objects own are names like any other', () => {
  const store = createStore()
  store.apply(updateOf({ prices: rows(bars, ['__proto__', '1', 1, 1, 1, 1, 1], ['constructor', '1', 2, 2, 2, 2, 2]) }))
  deepEqual(store.symbols(), ['__proto__', 'constructor'])
  deepEqual(seen(store.series('__proto__'), 'close'), [['1', 1]])
})

test('a value that is no finite number is null, and a row without a key is counted as left out', () => {
  const store = createStore()
  store.apply(updateOf({ prices: rows(bars, ['A', '1', 'x', Number.NaN, null, 4, 5], [null, '2', 1, 1, 1, 1, 1]) }))
  deepEqual(seen(store.series('A'), 'open', 'high', 'low', 'close'), [['1', null, null, null, 4]])
  equal(store.leftOut, 1)
})

test('symbols beyond what a page holds are counted as left out', () => {
  const store = createStore()
  const many = Array.from({ length: symbolsMax + 2 }, (_, at) => [`S${at}`, '1', 1, 1, 1, 1, 1])
  store.apply(updateOf({ prices: rows(bars, ...many) }))
  equal(store.symbols().length, symbolsMax)
  equal(store.leftOut, 2)
})
