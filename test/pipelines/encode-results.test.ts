import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { chooseAnalysis } from '../../src/analyses/all.ts'
import { encodeResults, keyOf } from '../../src/pipelines/encode-results.ts'

describe('results as they are sent', () => {
  it('have the columns of the result, when the newest record behind them was sent, and the record that changed them', () => {
    const result = { symbol: 'A"é', date: '2015-01-05', up: 100, down: 0, oscillator: 100 }
    const upserts = [{ result, origin: 'prices/3', position: 17 }]
    const [record, ...others] = encodeResults(chooseAnalysis('aroon'), upserts, {
      topic: 'prices',
      partition: 3,
      sentAt: 1_420_000_000_000,
    })
    assert.deepEqual(others, [])
    assert.equal(textOf(record?.key), '["A\\"é","2015-01-05"]')
    const from = { topic: 'prices', partition: 3, offset: 17 }
    assert.equal(textOf(record?.value), JSON.stringify({ ...result, sentAt: 1_420_000_000_000, from }))
  })

  it('keep every double bit for bit', () => {
    const analysis = chooseAnalysis('bollinger')
    const double = fc.double({ noNaN: true, noDefaultInfinity: true })
    fc.assert(
      fc.property(double, double, (middle, close) => {
        const result = { symbol: 'A', date: '2015-01-05', close, middle, upper: 1, lower: -1 }
        const upsert = { result, origin: 'prices/0', position: 0 }
        const [record] = encodeResults(analysis, [upsert], { topic: 'prices', partition: 0, sentAt: null })
        const read: { close: number; middle: number; sentAt: unknown } = JSON.parse(textOf(record?.value))
        // JSON text has no sign for a zero of a result, as JSON.stringify has none.
        assert.deepEqual([read.close, read.middle, read.sentAt], [close + 0, middle + 0, null])
      }),
    )
  })
})

describe('the key of a result', () => {
  it('is its key columns as a JSON array', () => {
    assert.equal(keyOf(['a', 'b'], { b: 'x"', a: 1, c: 2 }), '[1,"x\\""]')
    assert.notEqual(keyOf(['a', 'b'], { a: 'x', b: 'y z' }), keyOf(['a', 'b'], { a: 'x y', b: 'z' }))
    assert.equal(keyOf(['a', 'b'], { a: 'x' }), '["x",null]')
  })
})

function textOf(bytes: string | Uint8Array | null | undefined): string {
  return Buffer.from(bytes ?? '').toString()
}
