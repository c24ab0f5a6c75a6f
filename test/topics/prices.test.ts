import assert from 'node:assert/strict'
import { it } from 'node:test'
import { barSchema } from '../../src/model/bar.ts'
import { prices } from '../../src/topics/prices.ts'

it('prices are keyed by a symbol that every one of them has', () => {
  assert.equal(prices.schema, barSchema)
  assert.equal(prices.schema.fields.symbol.required, true)
  assert.deepEqual([prices.name, prices.key, prices.cleanup], ['prices', 'symbol', 'delete'])
})
