import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { chooseAnalysis } from '../../../src/analyses/all.ts'
import { type BarFields, barSchema } from '../../../src/model/bar.ts'
import { createFrame, type Frame } from '../../../src/model/frame.ts'
import { Folding } from '../../../src/pipelines/folding.ts'
import {
  type BarHistory,
  barOfDate,
  createBarHistory,
  dateOfBar,
  symbolCount,
} from '../../../bench/truth/bar-history.ts'
import {
  createAroon,
  createBollinger,
  type Indicator,
  IndicatorCheck,
  resultCountOf,
} from '../../../bench/truth/indicators.ts'

const history = createBarHistory(symbolCount * 40)
const bollinger = createBollinger(history)
const aroon = createAroon(history)

/** All bars as they come from a topic. */
function barsOf({ symbols, barsPerSymbol, opens, highs, lows, closes }: BarHistory): Frame<BarFields> {
  const frame = createFrame(barSchema, 'bars')
  symbols.forEach((symbol, code) => {
    for (let bar = 0; bar < barsPerSymbol; bar++) {
      const at = code * barsPerSymbol + bar
      const prices = { Open: opens[at], High: highs[at], Low: lows[at], Close: closes[at] }
      frame.addRecord({ Date: dateOfBar(bar), Label: symbol, ...prices }, at, () => symbol)
    }
  })
  return frame
}

type Values = Record<string, string | number>

/** Every result of an indicator, with no fault. */
function results(indicator: Indicator): Values[] {
  return history.symbols.flatMap((symbol, code) =>
    Array.from({ length: history.barsPerSymbol - indicator.firstBar }, (_, order): Values => {
      const bar = indicator.firstBar + order
      const values = indicator.valuesAt(code, bar)
      const columns = indicator.columns.map((column, at) => [column, values[at] ?? Number.NaN] as const)
      return { symbol, date: dateOfBar(bar), ...Object.fromEntries(columns) }
    }),
  )
}

function faultOf(indicator: Indicator, given: readonly Values[], tolerance = 0): string | undefined {
  const check = new IndicatorCheck(history, indicator, tolerance)
  for (const result of given) check.take(result)
  return check.findFault()
}

describe('the bars of the bench', () => {
  it('are the same every time, within their highs and lows, for 400 symbols', () => {
    assert.deepEqual(createBarHistory(symbolCount * 40), history)
    assert.equal(new Set(history.symbols).size, 400)
    history.closes.forEach((close, at) => {
      const low = history.lows[at] ?? Number.NaN
      const high = history.highs[at] ?? Number.NaN
      assert.ok(low > 0 && low <= close && close <= high, `bar ${at}`)
    })
  })
  it('have dates that lead back to them', () => {
    assert.deepEqual(
      [0, 1, 4_999].map((bar) => barOfDate(dateOfBar(bar))),
      [0, 1, 4_999],
    )
    assert.equal(barOfDate('yesterday'), -1)
  })
})

describe('the truth of the indicators', () => {
  it('is what a hand computes', () => {
    const flat = { ...history, closes: Float64Array.from({ length: 20 }, (_, bar) => (bar < 10 ? 1 : 3)) }
    assert.deepEqual(createBollinger({ ...flat, barsPerSymbol: 20 }).valuesAt(0, 19), [3, 2, 4, 0])
    const rising = Float64Array.from({ length: 26 }, (_, bar) => Math.min(bar, 20))
    const values = createAroon({ ...history, highs: rising, lows: rising, barsPerSymbol: 26 }).valuesAt(0, 25)
    assert.deepEqual(values, [100, 0, 100])
  })
  it('is bit for bit what our analyses find', () => {
    for (const [indicator, settings] of [
      [bollinger, {}],
      [aroon, { period: '25' }],
    ] as const) {
      const folding = new Folding(chooseAnalysis(indicator.name, settings))
      assert.deepEqual(folding.take(barsOf(history)), [])
      const found = folding.takeUpserts().map(({ result }) => ({ ...result }))
      assert.equal(faultOf(indicator, found), undefined)
    }
  })
})

describe('the check of the indicators', () => {
  for (const indicator of [bollinger, aroon]) {
    it(`accepts every ${indicator.name}, in any order`, () => {
      const all = results(indicator)
      assert.equal(all.length, resultCountOf(history, indicator))
      assert.equal(faultOf(indicator, all.toReversed()), undefined)
    })
    it(`finds a missing, a repeated and an unknown ${indicator.name}`, () => {
      const all = results(indicator)
      const [first] = all
      assert.ok(first !== undefined)
      assert.match(faultOf(indicator, all.slice(1)) ?? '', /results instead of/)
      assert.match(faultOf(indicator, [...all, first]) ?? '', /AAA at 1980-.* came twice/)
      assert.match(
        faultOf(indicator, [...all.slice(1), { ...first, symbol: 'ZZZZ' }]) ?? '',
        /ZZZZ at .* has no result/,
      )
    })
  }
  it('wants ours exactly, and others within a billionth', () => {
    const all = results(bollinger)
    const [first] = all
    assert.ok(first !== undefined)
    const shift = (by: number): Values[] => [{ ...first, upper: Number(first['upper']) * (1 + by) }, ...all.slice(1)]
    assert.match(faultOf(bollinger, shift(1e-15)) ?? '', /has the upper .* instead of/)
    assert.equal(faultOf(bollinger, shift(1e-10), 1e-9), undefined)
    assert.match(faultOf(bollinger, shift(1e-8), 1e-9) ?? '', /has the upper/)
    assert.match(faultOf(bollinger, [{ ...first, lower: '1' }, ...all.slice(1)], 1e-9) ?? '', /has the lower 1/)
  })
})
