import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import * as fc from 'fast-check'
import { Aroon } from 'trading-signals'
import { aroon } from '../../src/analyses/aroon.ts'
import { distance, exact } from './exact.ts'
import { foldRows, oneKeyOf } from './fold-rows.ts'
import { type Bar, barOf, dayOf, readHistories } from './histories.ts'

const tolerance = 1e-9

/** Bars since the most recent bar that no other of the window beats. */
function barsSince(window: readonly bigint[], beats: (a: bigint, b: bigint) => boolean): bigint {
  const newestFirst = window.toReversed()
  return BigInt(newestFirst.findIndex((value) => newestFirst.every((other) => !beats(other, value))))
}

function checkAgainstExact(bars: readonly Bar[], period: number): void {
  const { reports } = foldRows(oneKeyOf(aroon, { period }), bars)
  const highs = bars.map(({ high }) => exact(high))
  const lows = bars.map(({ low }) => exact(low))
  const denominator = BigInt(period)
  reports.forEach((report, index) => {
    if (index < period) return assert.equal(report, undefined)
    const up = 100n * (denominator - barsSince(highs.slice(index - period, index + 1), (a, b) => a > b))
    const down = 100n * (denominator - barsSince(lows.slice(index - period, index + 1), (a, b) => a < b))
    assert.ok(report !== undefined)
    assert.deepEqual([report.symbol, report.date], [bars[index]?.symbol, bars[index]?.date])
    for (const [name, percent] of [
      ['up', up],
      ['down', down],
      ['oscillator', up - down],
    ] as const) {
      const off = distance(report[name], { numerator: percent * exact(1), denominator }, 1)
      assert.ok(off <= tolerance, `${name} of ${report.symbol} on ${report.date} is off by ${off}`)
    }
  })
}

describe('aroon', () => {
  let histories: ReadonlyMap<string, readonly Bar[]>
  before(async () => {
    histories = await readHistories()
  })

  it('equals rational arithmetic to 1e-9 on all bars of the five histories', () => {
    for (const bars of histories.values()) checkAgainstExact(bars, 14)
  })

  it('equals rational arithmetic with any period and with many ties', () => {
    const prices = fc.array(fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: 0, max: 2 })), {
      maxLength: 60,
    })
    fc.assert(
      fc.property(prices, fc.integer({ min: 1, max: 30 }), (given, period) => {
        checkAgainstExact(
          given.map(([low, height], index) => barOf(dayOf(index), low, low + height, low)),
          period,
        )
      }),
    )
  })

  it('equals the package trading-signals, which takes the most recent of equal extremes as well', () => {
    for (const period of [14, 25]) {
      for (const bars of histories.values()) {
        const theirs = new Aroon(period)
        const { reports } = foldRows(oneKeyOf(aroon, { period }), bars)
        bars.forEach(({ high, low }, index) => {
          const expected = theirs.update({ high, low }, false)
          const report = reports[index]
          assert.deepEqual(report === undefined ? null : { aroonDown: report.down, aroonUp: report.up }, expected)
        })
      }
    }
  })

  it('has its first value at bar period + 1', () => {
    for (const period of [1, 14, 25]) {
      const bars = Array.from({ length: 40 }, (_, index) => barOf(dayOf(index), index))
      const { reports } = foldRows(oneKeyOf(aroon, { period }), bars)
      assert.equal(
        reports.findIndex((report) => report !== undefined),
        period,
      )
      assert.deepEqual(reports[period], { symbol: 'A', date: dayOf(period), up: 100, down: 0, oscillator: 100 })
    }
  })

  it('counts the most recent of equal highs and of equal lows', () => {
    const bars = [5, 1, 5, 1, 3].map((price, index) => barOf(dayOf(index), price))
    const { reports } = foldRows(oneKeyOf(aroon, { period: 4 }), bars)
    assert.deepEqual(reports.at(-1), { symbol: 'A', date: dayOf(4), up: 50, down: 75, oscillator: -25 })
  })

  it('forgets an extreme that leaves the window', () => {
    const bars = [9, 1, 2, 3, 2].map((price, index) => barOf(dayOf(index), price))
    const { reports } = foldRows(oneKeyOf(aroon, { period: 2 }), bars)
    assert.deepEqual(
      reports.slice(2).map((report) => [report?.up, report?.down]),
      [
        [0, 50],
        [100, 0],
        [50, 100],
      ],
    )
  })

  it('replaces the newest bar by the same bar sent again', () => {
    const bars = Array.from({ length: 30 }, (_, index) => barOf(dayOf(index), (index * 7) % 11))
    const again = bars.flatMap((bar) => [{ ...bar, high: 1e6, low: -1e6 }, bar])
    const once = foldRows(oneKeyOf(aroon, { period: 14 }), bars)
    const repeated = foldRows(oneKeyOf(aroon, { period: 14 }), again)
    assert.deepEqual(
      repeated.reports.filter((_, index) => index % 2 === 1),
      once.reports,
    )
    assert.equal(repeated.stored, once.stored)
  })

  it('refuses a bar that is older than the newest one, with the reason, and stays as it was', () => {
    const key = oneKeyOf(aroon, { period: 1 })
    foldRows(key, [barOf('2015-01-05', 1), barOf('2015-01-06', 2)])
    const kept = [key.stored, key.report()]
    for (const date of ['2015-01-05', '1999-12-31', '2015-01-05T23:59:59Z']) {
      assert.equal(key.take(barOf(date, 99)), 'older than the newest bar of A, 2015-01-06')
      assert.deepEqual([key.stored, key.report()], kept)
    }
  })
})
