import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { chooseAnalysis } from '../../src/analyses/all.ts'
import type { BarFields } from '../../src/model/bar.ts'
import { createFrame, type Frame } from '../../src/model/frame.ts'
import { flightSchema } from '../../src/model/flight.ts'
import { Folding, keyOf } from '../../src/pipelines/folding.ts'
import { barsOf } from '../sources/bars.ts'

const aroon = chooseAnalysis('aroon', { period: '1' })

function flightsOf(...airlines: readonly string[]): Frame {
  const frame = createFrame(flightSchema, 'flights/0')
  airlines.forEach((airline, offset) =>
    frame.addCells(['airline', 'year', 'month', 'day'], [airline, '2015', '1', '1'], offset + 100),
  )
  return frame
}

const bars = (...given: readonly string[]): Frame<BarFields> => barsOf('prices/1', ...given)

describe('folding', () => {
  it('gives the newest result of every key that changed, with the record that changed it last, once', () => {
    const folding = new Folding(chooseAnalysis('flights-per-day'))
    assert.deepEqual(folding.take(flightsOf('AA', 'UA', 'AA')), [])
    const day = '2015-01-01'
    assert.deepEqual(folding.takeUpserts(), [
      {
        key: '["AA","2015-01-01"]',
        result: { airline: 'AA', day, flights: 2 },
        from: { origin: 'flights/0', position: 102 },
      },
      {
        key: '["UA","2015-01-01"]',
        result: { airline: 'UA', day, flights: 1 },
        from: { origin: 'flights/0', position: 101 },
      },
    ])
    assert.deepEqual(folding.takeUpserts(), [])
  })

  it('gives the states that changed, once', () => {
    const folding = new Folding(chooseAnalysis('flights-per-day'))
    folding.take(flightsOf('AA', 'UA'))
    assert.deepEqual(
      folding.takeStates().map(([key]) => key),
      ['AA 2015-01-01', 'UA 2015-01-01'],
    )
    folding.take(flightsOf('UA'))
    assert.deepEqual(folding.takeStates(), [['UA 2015-01-01', { airline: 'UA', day: '2015-01-01', flights: 2 }]])
    assert.deepEqual(folding.takeStates(), [])
  })

  it('goes on from states that were stored', () => {
    const first = new Folding(aroon)
    first.take(bars('2015-01-05 A', '2015-01-05 B'))
    assert.deepEqual(first.takeUpserts(), [])
    const stored: [string, object][] = JSON.parse(JSON.stringify(first.takeStates()))
    const second = new Folding(aroon, stored)
    second.take(bars('2015-01-06 A'))
    assert.deepEqual(
      second.takeUpserts().map(({ key }) => key),
      ['["A","2015-01-06"]'],
    )
    assert.deepEqual(
      second.takeStates().map(([key]) => key),
      ['A'],
    )
  })

  it('returns the rows that the analysis refused, with place, reason and the record', () => {
    const folding = new Folding(aroon)
    const [refusal, ...others] = folding.take(bars('2015-01-05 A', '2015-01-02 A', '2015-01-02 B'))
    assert.deepEqual(others, [])
    assert.deepEqual([refusal?.position, refusal?.reason], [1, 'older than the newest bar of A, 2015-01-05'])
    const record = { Date: '2015-01-02', Open: 1, High: 1, Low: 1, Close: 1, Label: 'A' }
    assert.deepEqual(JSON.parse(refusal?.sample ?? ''), record)
    assert.deepEqual(
      folding.takeStates().map(([key]) => key),
      ['A', 'B'],
    )
  })

  it('keeps hostile keys apart', () => {
    const airlines = ['__proto__', 'constructor', 'a,"b"', 'a', '', ' ', '\u0000', '\ud800']
    const folding = new Folding(chooseAnalysis('flights-per-day'))
    const fitting = airlines.filter((name) => name !== '')
    folding.take(flightsOf(...fitting, ...fitting))
    const upserts = folding.takeUpserts()
    assert.equal(new Set(upserts.map(({ key }) => key)).size, fitting.length)
    assert.ok(upserts.every(({ result }) => result['flights'] === 2))
  })
})

describe('the key of a result', () => {
  it('is its key columns as a JSON array', () => {
    assert.equal(keyOf(['a', 'b'], { b: 'x"', a: 1, c: 2 }), '[1,"x\\""]')
    assert.notEqual(keyOf(['a', 'b'], { a: 'x', b: 'y z' }), keyOf(['a', 'b'], { a: 'x y', b: 'z' }))
  })
})
