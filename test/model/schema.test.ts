import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { createColumnFinder, normalColumn, optional, required } from '../../src/model/schema.ts'
import { thingSchema } from './rows.ts'

describe('a field', () => {
  it('says whether it is required, and has no aliases unless told', () => {
    assert.deepEqual(required('text', 'A'), { type: 'text', column: 'A', required: true, aliases: [] })
    assert.deepEqual(optional('integer', 'B', { min: 1, unit: 'min', aliases: ['C'] }), {
      type: 'integer',
      column: 'B',
      required: false,
      aliases: ['C'],
      min: 1,
      unit: 'min',
    })
  })
})

describe('the name of a column', () => {
  it('is the same with spaces, underscores or both, and in any case', () => {
    for (const name of ['Adj Close', 'Adj_Close', 'adj close', ' ADJ__CLOSE ', 'adj _close', 'adj\u00a0close']) {
      assert.equal(normalColumn(name), 'adj_close')
    }
    assert.notEqual(normalColumn('AdjClose'), 'adj_close')
  })

  it('finds the field it or an alias belongs to, and no other', () => {
    const find = createColumnFinder(thingSchema)
    assert.equal(find('adj_close'), 'price')
    assert.equal(find('SYMBOL'), 'label')
    assert.equal(find('price'), undefined)
    for (const name of ['', '__proto__', 'constructor', 'toString', 'hasOwnProperty'])
      assert.equal(find(name), undefined)
  })

  it('finds the same field each time, after any number of others', () => {
    const find = createColumnFinder(thingSchema)
    for (let i = 0; i < 3_000; i++) assert.equal(find(`other ${i}`), undefined)
    assert.equal(find('label'), 'label')
    fc.assert(fc.property(fc.string(), (name) => find(name) === createColumnFinder(thingSchema)(name)))
  })
})
