import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findRowEnd, INCOMPLETE, MALFORMED, splitQuotedRow } from '../../src/sources/csv-row.ts'

function find(text: string, limit = text.length): number {
  return findRowEnd(Buffer.from(text), 0, limit)
}

describe('findRowEnd', () => {
  it('finds the line feed behind quoted line feeds', () => {
    assert.equal(find('"a\nb",c\nd'), 7)
    assert.equal(find('a,"b""\n"\r\n'), 9)
  })

  it('wants more where the limit hides whether a quote closes', () => {
    assert.equal(find('"a"'), INCOMPLETE)
    assert.equal(find('"a"\r'), INCOMPLETE)
    assert.equal(find('"a\n'), INCOMPLETE)
    assert.equal(find('"a"\n', 3), INCOMPLETE)
  })

  it('sees text behind a closing quote', () => {
    assert.equal(find('"a"b\n'), MALFORMED)
    assert.equal(find('"a"\rb\n'), MALFORMED)
  })
})

describe('splitQuotedRow', () => {
  it('takes quotes away from quoted cells only', () => {
    assert.deepEqual(splitQuotedRow('"a,""b""",c"d,"",'), ['a,"b"', 'c"d', '', ''])
  })
})
