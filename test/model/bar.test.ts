import assert from 'node:assert/strict'
import { it } from 'node:test'
import { barSchema } from '../../src/model/bar.ts'
import { createColumnFinder } from '../../src/model/schema.ts'

it('a bar has the columns of a yfinance download and Label, and takes their other names', () => {
  const columns = Object.values(barSchema.fields).map(({ column }) => column)
  assert.deepEqual(columns, ['Date', 'Open', 'High', 'Low', 'Close', 'Adj Close', 'Volume', 'Label'])
  const find = createColumnFinder(barSchema)
  for (const [column, name] of [
    ['Datetime', 'date'],
    ['adj_close', 'adjClose'],
    ['AdjClose', 'adjClose'],
    ['ticker', 'symbol'],
  ] as const) {
    assert.equal(find(column), name)
  }
})
