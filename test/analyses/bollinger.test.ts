import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import * as fc from 'fast-check'
import { BollingerBands } from 'trading-signals'
import { chooseAnalysis } from '../../src/analyses/all.ts'
import { bollinger } from '../../src/analyses/bollinger.ts'
import { Folding } from '../../src/pipelines/folding.ts'
import { barsOf } from '../sources/bars.ts'
import { distance, exact, type Fraction, squareRoot } from './exact.ts'
import { foldRows, oneKeyOf } from './fold-rows.ts'
import { type Bar, barOf, dayOf, readHistories } from './histories.ts'

const usual = { period: 20, deviations: 2 }
const tolerance = 1e-9

interface Bands {
  readonly middle: Fraction
  readonly upper: Fraction
  readonly lower: Fraction
}

/** The bands of a window without rounding, but for the square root, which is cut 2^-60 of a unit behind the point. */
function exactBands(closes: readonly number[], deviations: number): Bands {
  const values = closes.map(exact)
  const count = BigInt(values.length)
  const sum = values.reduce((total, value) => total + value, 0n)
  const squares = values.reduce((total, value) => total + value * value, 0n)
  // The mean is sum / n, and the variance (n × squares − sum²) / n².
  const root = squareRoot((count * squares - sum * sum) << 120n)
  const denominator = count << 180n
  const middle = sum << 180n
  const width = root * exact(deviations) // units of 2^-60 and of 2^-120
  return {
    middle: { numerator: middle, denominator },
    upper: { numerator: middle + width, denominator },
    lower: { numerator: middle - width, denominator },
  }
}

function checkAgainstExact(bars: readonly Bar[], { period, deviations }: typeof usual): void {
  const { reports } = foldRows(oneKeyOf(bollinger, { period, deviations }), bars)
  reports.forEach((report, index) => {
    if (index + 1 < period) return assert.equal(report, undefined)
    const window = bars.slice(index + 1 - period, index + 1).map(({ close }) => close)
    const bands = exactBands(window, deviations)
    const bar = bars[index]
    assert.ok(report !== undefined && bar !== undefined)
    assert.deepEqual([report.symbol, report.date, report.close], [bar.symbol, bar.date, bar.close])
    for (const name of ['middle', 'upper', 'lower'] as const) {
      const off = distance(report[name], bands[name], Math.max(...window.map(Math.abs)))
      assert.ok(off <= tolerance, `${name} of ${bar.symbol} on ${bar.date} is off by ${off}`)
    }
  })
}

describe('bollinger', () => {
  let histories: ReadonlyMap<string, readonly Bar[]>
  before(async () => {
    histories = await readHistories()
  })

  it('equals rational arithmetic to 1e-9 of the price on all bars of the five histories', () => {
    assert.deepEqual(Object.fromEntries([...histories].map(([symbol, bars]) => [symbol, bars.length])), {
      AAPL: 2531,
      GOOG: 2531,
      IBM: 1300,
      MSFT: 1300,
      SPY: 2518,
    })
    for (const bars of histories.values()) checkAgainstExact(bars, usual)
  })

  it('equals rational arithmetic with other settings too', () => {
    const bars = (histories.get('AAPL') ?? []).slice(0, 300)
    for (const settings of [
      { period: 1, deviations: 2 },
      { period: 2, deviations: 0 },
      { period: 10, deviations: 2.5 },
      { period: 250, deviations: 100 },
    ])
      checkAgainstExact(bars, settings)
  })

  it('equals rational arithmetic on any prices, large, flat or below zero', () => {
    const prices = fc.record({
      base: fc.constantFrom(0, 1, -37, 1e6, 1e12),
      steps: fc.array(fc.integer({ min: -500, max: 500 }), { maxLength: 60 }),
    })
    fc.assert(
      fc.property(
        prices,
        fc.integer({ min: 1, max: 30 }),
        fc.constantFrom(0, 1, 2, 2.5),
        (given, period, deviations) => {
          const bars = given.steps.map((step, index) => barOf(dayOf(index), given.base + step / 64 + 1 / 128))
          checkAgainstExact(bars, { period, deviations })
        },
      ),
    )
  })

  it('equals the package trading-signals, which takes the population deviation as well', () => {
    for (const bars of histories.values()) {
      const theirs = new BollingerBands(usual.period, usual.deviations)
      const { reports } = foldRows(oneKeyOf(bollinger, usual), bars)
      bars.forEach(({ close, date }, index) => {
        const expected = theirs.update(close, false)
        const report = reports[index]
        assert.equal(report === undefined, expected === null)
        if (report === undefined || expected === null) return
        for (const name of ['middle', 'upper', 'lower'] as const) {
          assert.ok(Math.abs(report[name] - expected[name]) <= tolerance * close, `${name} on ${date}`)
        }
      })
    }
  })

  it('has its first value at bar 20', () => {
    const bars = Array.from({ length: 21 }, (_, index) => barOf(dayOf(index), 1))
    const { reports } = foldRows(oneKeyOf(bollinger, usual), bars)
    assert.equal(
      reports.findIndex((report) => report !== undefined),
      19,
    )
    assert.deepEqual(reports[19], { symbol: 'A', date: '2000-01-20', close: 1, middle: 1, upper: 1, lower: 1 })
  })

  it('replaces the newest bar by the same bar sent again', () => {
    const bars = Array.from({ length: 30 }, (_, index) => barOf(dayOf(index), index))
    const again = bars.flatMap((bar) => [{ ...bar, close: -1e6 }, { ...bar, close: bar.close + 7 }, bar])
    const once = foldRows(oneKeyOf(bollinger, usual), bars)
    const repeated = foldRows(oneKeyOf(bollinger, usual), again)
    assert.deepEqual(
      repeated.reports.filter((_, index) => index % 3 === 2),
      once.reports,
    )
    assert.equal(repeated.stored, once.stored)
    assert.ok(repeated.reasons.every((reason) => reason === undefined))
  })

  it('refuses a bar that is older than the newest one, with the reason, and stays as it was', () => {
    const key = oneKeyOf(bollinger, { period: 2, deviations: 2 })
    foldRows(key, [barOf('2015-01-05', 1), barOf('2015-01-06', 2)])
    const kept = [key.stored, key.report()]
    for (const date of ['2015-01-05', '2015-01-02', '2015-01-05T23:59:59Z']) {
      assert.equal(key.take(barOf(date, 99)), 'older than the newest bar of A, 2015-01-06')
      assert.deepEqual([key.stored, key.report()], kept)
    }
  })

  it('refuses a close whose square is no double, and stays as it was', () => {
    const key = oneKeyOf(bollinger, { period: 2, deviations: 100 })
    foldRows(key, [barOf('2015-01-05', 1), barOf('2015-01-06', 2)])
    const kept = [key.stored, key.report()]
    for (const close of [1e151, -Number.MAX_VALUE]) {
      for (const date of ['2015-01-06', '2015-01-07']) {
        assert.match(key.take(barOf(date, close)) ?? '', /^the close of A, -?\S+e\+\d+, is too large$/)
        assert.deepEqual([key.stored, key.report()], kept)
      }
    }
  })

  it('gives finite numbers for whatever closes it takes', () => {
    const close = fc.double({ noNaN: true, noDefaultInfinity: true })
    fc.assert(
      fc.property(fc.array(close, { maxLength: 40 }), fc.integer({ min: 1, max: 5 }), (closes, period) => {
        const bars = closes.map((value, index) => barOf(dayOf(index), value))
        const { reports } = foldRows(oneKeyOf(bollinger, { period, deviations: 100 }), bars)
        for (const report of reports) {
          for (const value of Object.values(report ?? {}))
            assert.ok(typeof value === 'string' || Number.isFinite(value))
        }
      }),
    )
  })

  it('keeps bars of different symbols apart by its key', () => {
    const folding = new Folding(chooseAnalysis('bollinger', { period: '2' }))
    const days = ['2015-01-05', '2015-01-06']
    folding.take(barsOf('prices/0', ...days.flatMap((day) => [`${day} __proto__`, `${day} A`])))
    assert.deepEqual(
      folding.takeUpserts().map(({ result }) => [result['symbol'], result['date']]),
      [
        ['__proto__', '2015-01-06'],
        ['A', '2015-01-06'],
      ],
    )
  })
})
