import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { JsonBytes, numberBytesMax, textBytesMax } from '../../src/model/json-bytes.ts'

function written(bytesMax: number, write: (json: JsonBytes) => void, json = new JsonBytes()): string {
  const from = json.begin(bytesMax)
  write(json)
  const bytes = json.since(from)
  assert.ok(bytes.length <= bytesMax, `${bytes.length} bytes, more than ${bytesMax}`)
  return Buffer.from(bytes).toString()
}

function checkNumber(value: number): void {
  assert.equal(
    written(numberBytesMax, (json) => json.number(value)),
    JSON.stringify(value),
  )
}

describe('JSON as bytes', () => {
  it('of a text is what JSON.stringify gives, in as many bytes as were said at most', () => {
    const odd = fc.constantFrom('', '"', '\\', '\u007f', '\u0000', '\ud800', 'é', '\u2028', '😀', 'plain', 'a"b')
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), odd), (text) => {
        assert.equal(
          written(textBytesMax(text), (json) => json.text(text)),
          JSON.stringify(text),
        )
      }),
    )
  })

  it('of a number is what JSON.stringify gives', () => {
    fc.assert(fc.property(fc.double(), checkNumber), { numRuns: 2_000 })
    fc.assert(fc.property(fc.integer(), checkNumber), { numRuns: 2_000 })
    for (let power = 1; power < 1e17; power *= 10)
      for (const near of [power - 1, power, power + 1, -power]) checkNumber(near)
    for (const odd of [0, -0, 0.1, 1e21, 5e-324, -1.2345678901234e-300, NaN, Infinity, -Infinity]) checkNumber(odd)
  })

  it('stays as it is while more is written, also beyond a piece of memory', () => {
    const json = new JsonBytes()
    const messages = Array.from({ length: 5_000 }, (_, i) => `message ${i} ${'x'.repeat(i % 97)}`)
    const kept = messages.map((text) => {
      const from = json.begin(textBytesMax(text))
      json.text(text)
      return json.since(from)
    })
    assert.deepEqual(
      kept.map((bytes) => JSON.parse(Buffer.from(bytes).toString()) as unknown),
      messages,
    )
    const long = 'é'.repeat(100_000)
    assert.equal(
      written(textBytesMax(long), (each) => each.text(long), json),
      JSON.stringify(long),
    )
  })
})
