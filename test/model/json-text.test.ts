import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { jsonOf, quote } from '../../src/model/json-text.ts'

describe('JSON text', () => {
  it('of a text or a number is what JSON.stringify gives', () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 })
    const odd = fc.constantFrom('', '"', '\\', '\u007f', '\u0000', '\ud800', 'é', ' ', '\u2028')
    fc.assert(fc.property(fc.oneof(text, odd), (value) => assert.equal(quote(value), JSON.stringify(value))))
    fc.assert(fc.property(fc.double(), (value) => assert.equal(jsonOf(value), JSON.stringify(value))))
    for (const value of [-0, 0, 1e21, 5e-324, NaN, Infinity, -Infinity]) {
      assert.equal(jsonOf(value), JSON.stringify(value))
    }
  })
})
