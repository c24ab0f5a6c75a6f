import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FlightCounter, Indicators, type Outgoing } from '../../../bench/engines/parsed-records.ts'
import { createBarHistory, dateOfBar, symbolCount } from '../../../bench/truth/bar-history.ts'
import { createAroon, createBollinger, IndicatorCheck } from '../../../bench/truth/indicators.ts'

describe('what is done with records that JSON.parse has read', () => {
  it('counts flights by airline and day', () => {
    const counter = new FlightCounter()
    const flights = [
      { YEAR: 2015, MONTH: 1, DAY: 2, AIRLINE: 'AA' },
      { YEAR: 2015, MONTH: 1, DAY: 12, AIRLINE: 'B6' },
      { YEAR: 2015, MONTH: 1, DAY: 2, AIRLINE: 'AA' },
    ]
    for (const flight of flights) counter.take(Buffer.from(JSON.stringify(flight)))
    assert.equal(counter.records, 3)
    assert.deepEqual(counter.counts(), { 'AA 2015-01-02': 2, 'B6 2015-01-12': 1 })
  })
  it('finds both indicators of every bar, as the truth has them', () => {
    const history = createBarHistory(symbolCount * 30)
    const indicators = new Indicators({ bollinger: 'bollinger', aroon: 'aroon' })
    const results: Outgoing[] = []
    for (let bar = 0; bar < history.barsPerSymbol; bar++) {
      history.symbols.forEach((symbol, code) => {
        const at = code * history.barsPerSymbol + bar
        const [High, Low, Close] = [history.highs[at], history.lows[at], history.closes[at]]
        indicators.take(Buffer.from(JSON.stringify({ Date: dateOfBar(bar), High, Low, Close, Label: symbol })), results)
      })
    }
    for (const indicator of [createBollinger(history), createAroon(history)]) {
      const check = new IndicatorCheck(history, indicator, 1e-9)
      for (const { topic, value } of results) if (topic === indicator.name) check.take(JSON.parse(value))
      assert.equal(check.findFault(), undefined)
    }
  })
})
