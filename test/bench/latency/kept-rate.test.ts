import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { keptRateOf } from '../../../bench/latency/kept-rate.ts'

const rate = 1_000
const seconds = 9

/** The latency of each record, by the second in which it was due. */
function latenciesBy(latencyMs: (second: number) => number): Float64Array {
  return Float64Array.from({ length: seconds * rate }, (_, index) => latencyMs(index / rate))
}

describe('a rate of sending', () => {
  it('is kept when results come as late at the end as at the beginning', () => {
    assert.deepEqual(
      keptRateOf(
        latenciesBy((second) => 50 + 40 * (second % 1)),
        rate,
      ),
      { keptRecordsPerSecond: rate, isRateKept: true },
    )
  })
  it('is not kept when they come later and later, and then it is said what was', () => {
    const { keptRecordsPerSecond, isRateKept } = keptRateOf(
      latenciesBy((second) => 50 + 250 * second),
      rate,
    )
    assert.deepEqual([Math.round(keptRecordsPerSecond), isRateKept], [800, false])
  })
  it('is kept when there was a stall, and when a slow beginning was made up for', () => {
    const stall = keptRateOf(
      latenciesBy((second) => (second > 7.8 ? 1_000 : 50)),
      rate,
    )
    assert.deepEqual(stall, { keptRecordsPerSecond: rate, isRateKept: true })
    const recovery = keptRateOf(
      latenciesBy((second) => 900 - 100 * second),
      rate,
    )
    assert.deepEqual(recovery, { keptRecordsPerSecond: rate, isRateKept: true })
  })
  it('of two records or none cannot be judged', () => {
    assert.equal(keptRateOf(Float64Array.of(1, 1_000), rate).isRateKept, true)
    assert.equal(keptRateOf(new Float64Array(), rate).isRateKept, true)
  })
})
