import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { median, percentile, significant } from '../../bench/percentiles.ts'

describe('percentiles', () => {
  const hundred = Float64Array.from({ length: 100 }, (_, index) => index + 1)

  it('are values that were measured, by nearest rank', () => {
    assert.equal(percentile(hundred, 0.5), 50)
    assert.equal(percentile(hundred, 0.99), 99)
    assert.equal(percentile(hundred, 0.999), 100)
    assert.equal(percentile(hundred, 1), 100)
  })
  it('of a thousand leave exactly one above the last thousandth', () => {
    const thousand = Float64Array.from({ length: 1_000 }, (_, index) => index + 1)
    assert.equal(percentile(thousand, 0.999), 999)
    assert.equal(percentile(thousand, 0.99), 990)
  })
  it('of one value are that value, of none no number', () => {
    assert.equal(percentile(Float64Array.of(7), 0.001), 7)
    assert.equal(percentile(new Float64Array(), 0.5), Number.NaN)
  })
})

describe('the median', () => {
  it('is the middle value, whatever the order', () => assert.equal(median([9, 1, 5]), 5))
  it('of an even number is the mean of the middle two', () => assert.equal(median([1, 9, 5, 3]), 4))
  it('of nothing is no number', () => assert.equal(median([]), Number.NaN))
})

describe('a figure', () => {
  it('has four significant digits', () => {
    assert.equal(significant(1_234_567), 1_235_000)
    assert.equal(significant(0.123456), 0.1235)
  })
})
