import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { type ChosenAnalysis, chooseAnalysis } from '../../src/analyses/all.ts'
import { unpackOutgoing } from '../../src/model/packed-records.ts'
import { partitionOf } from '../../src/model/partition.ts'
import type { Upsert } from '../../src/pipelines/folding.ts'
import { keyOf, type ResultsOrigin, ResultWriter } from '../../src/pipelines/result-writer.ts'

interface Written {
  readonly key: string
  readonly value: string
  readonly partition: number
}

function written(writer: ResultWriter, upserts: readonly Upsert[], origin: ResultsOrigin): Written[] {
  const records: Written[] = []
  writer.begin(origin, (packed) => {
    for (const { key, value, partition } of unpackOutgoing(packed)) {
      records.push({ key: Buffer.from(key).toString(), value: Buffer.from(value).toString(), partition })
    }
  })
  for (const { result, origin: from, position } of upserts) writer.put(result, from, position)
  writer.end()
  return records
}

const result = { symbol: 'A"é', date: '2015-01-05', up: 100, down: 0, oscillator: 100 }

describe('results as they are sent', () => {
  it('have the columns of the result, when the newest record behind them was sent, and the record that changed them', () => {
    const writer = new ResultWriter(chooseAnalysis('aroon'))
    const origins = [
      { topic: 'prices', partition: 3, sentAt: 1_420_000_000_000 },
      { topic: 'prices', partition: 3, sentAt: 1_420_000_000_000.25 },
      { topic: 'prices', partition: 2, sentAt: null },
    ]
    for (const origin of origins) {
      const [record, ...others] = written(writer, [{ result, origin: 'prices/3', position: 17 }], origin)
      assert.deepEqual(others, [])
      const { topic, partition, sentAt } = origin
      assert.deepEqual(record, {
        key: '["A\\"é","2015-01-05"]',
        value: JSON.stringify({ ...result, sentAt, from: { topic, partition, offset: 17 } }),
        partition: 0,
      })
    }
  })

  it('keep every double bit for bit', () => {
    const writer = new ResultWriter(chooseAnalysis('bollinger'))
    const double = fc.double({ noNaN: true, noDefaultInfinity: true })
    fc.assert(
      fc.property(double, double, (middle, close) => {
        const bands = { symbol: 'A', date: '2015-01-05', close, middle, upper: 1, lower: -1 }
        const upsert = { result: bands, origin: 'prices/0', position: 0 }
        const [record] = written(writer, [upsert], { topic: 'prices', partition: 0, sentAt: null })
        const read: { close: number; middle: number; sentAt: unknown } = JSON.parse(record?.value ?? '')
        // JSON text has no sign for a zero of a result, as JSON.stringify has none.
        assert.deepEqual([read.close, read.middle, read.sentAt], [close + 0, middle + 0, null])
      }),
    )
  })

  it('go to the partition of those columns that their topic is partitioned by', () => {
    const chosen = chooseAnalysis('aroon')
    const analysis: ChosenAnalysis = {
      ...chosen,
      emits: { ...chosen.emits, partitionBy: ['date'] },
      output: { ...chosen.output, partitions: 5 },
    }
    const upserts = Array.from({ length: 40 }, (_, day) => {
      return { result: { ...result, date: `day ${day}` }, origin: 'prices/0', position: day }
    })
    const records = written(new ResultWriter(analysis), upserts, { topic: 'prices', partition: 0, sentAt: null })
    assert.deepEqual(
      records.map(({ partition }) => partition),
      upserts.map(({ result: { date } }) => partitionOf(JSON.stringify([date]), 5)),
    )
    assert.equal(new Set(records.map(({ partition }) => partition)).size, 5)
  })
})

describe('the key of a result', () => {
  it('is its key columns as a JSON array', () => {
    assert.equal(keyOf(['a', 'b'], { b: 'x"', a: 1, c: 2 }), '[1,"x\\""]')
    assert.notEqual(keyOf(['a', 'b'], { a: 'x', b: 'y z' }), keyOf(['a', 'b'], { a: 'x y', b: 'z' }))
    assert.equal(keyOf(['a', 'b'], { a: 'x' }), '["x",null]')
  })
})
