import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LiveRows, liveRowsMax } from '../../src/pipelines/live-rows.ts'

const flights = (airline: string, count: number): Record<string, unknown> => ({
  airline,
  day: '2015-01-01',
  flights: count,
})

describe('the rows of a table', () => {
  it('are the newest of every key, in columns, where they came first', () => {
    const rows = new LiveRows('flights-per-day')
    rows.put(flights('AA', 1), 100)
    rows.put(flights('UA', 1), 300)
    rows.put(flights('AA', 2), 200)
    assert.deepEqual(rows.all(), {
      columns: { airline: ['AA', 'UA'], day: ['2015-01-01', '2015-01-01'], flights: [2, 1] },
      newestSentAt: 300,
    })
  })

  it('that changed are taken once, each in its newest form', () => {
    const rows = new LiveRows('flights-per-day')
    assert.equal(rows.hasChanges, false)
    rows.put(flights('AA', 1), null)
    rows.put(flights('UA', 1), null)
    rows.put(flights('AA', 2), null)
    assert.equal(rows.hasChanges, true)
    assert.deepEqual(rows.takeChanges().columns['flights'], [2, 1])
    assert.equal(rows.hasChanges, false)
    assert.deepEqual(rows.takeChanges(), { columns: { airline: [], day: [], flights: [] }, newestSentAt: null })
    rows.put(flights('UA', 5), null)
    assert.deepEqual(rows.takeChanges().columns, { airline: ['UA'], day: ['2015-01-01'], flights: [5] })
    assert.deepEqual(rows.all().columns['flights'], [2, 5])
  })

  it('hold text and finite numbers only, and none of what the table does not have', () => {
    const rows = new LiveRows('prices')
    const hostile = JSON.parse(
      '{"__proto__":{"open":1},"symbol":"__proto__","date":{"x":1},"close":1e999,"volume":true,"x":1}',
    )
    for (const sentAt of [Number.NaN, Infinity]) rows.put(hostile, sentAt)
    assert.deepEqual(rows.all().columns, {
      symbol: ['__proto__'],
      date: [null],
      open: [null],
      high: [null],
      low: [null],
      close: [null],
      volume: [null],
    })
    assert.equal(rows.newestSentAt, null)
  })

  it('are forgotten by clear', () => {
    const rows = new LiveRows('flights-per-day')
    rows.put(flights('AA', 1), 100)
    rows.clear()
    assert.equal(rows.hasChanges, false)
    assert.deepEqual(rows.all(), { columns: { airline: [], day: [], flights: [] }, newestSentAt: null })
  })

  it(`are ${liveRowsMax} at most: the oldest go first`, () => {
    const rows = new LiveRows('flights-per-day')
    for (let i = 0; i < liveRowsMax; i++) rows.put(flights(`${i}`, i), i)
    rows.takeChanges()
    rows.put(flights('0', -1), 1) // changes, and is still the oldest
    rows.put(flights('one more', 1), 1)
    const { columns } = rows.all()
    assert.equal(columns['airline']?.length, liveRowsMax)
    assert.deepEqual([columns['airline']?.[0], columns['airline']?.at(-1)], ['1', 'one more'])
    assert.deepEqual(rows.takeChanges().columns['airline'], ['one more'])
  })
})
