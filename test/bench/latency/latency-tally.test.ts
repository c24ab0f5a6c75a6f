import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LatencyTally } from '../../../bench/latency/latency-tally.ts'

const due = (index: number): number => index * 10

type Seen = readonly [group: string, count: number, atMs: number]

/** Of five records, once these results were seen. */
function tallyOf(...results: readonly Seen[]): LatencyTally {
  const tally = new LatencyTally(['a', 'b', 'a', 'a', 'b'])
  for (const result of results) tally.see(...result)
  return tally
}

describe('the tally of latencies', () => {
  it('gives a result to every record that it counts, those without one of their own too', () => {
    const tally = tallyOf(['a', 1, 5], ['b', 2, 50], ['a', 3, 60])
    assert.equal(tally.seen, 5)
    assert.deepEqual([...tally.latencies(0, due)], [5, 40, 40, 30, 10])
  })
  it('leaves out the records before the first that counts', () => {
    assert.deepEqual([...tallyOf(['a', 3, 60], ['b', 2, 70]).latencies(3, due)], [30, 30])
  })
  it('takes the first time when a result comes again', () => {
    const tally = tallyOf(['a', 2, 60], ['a', 2, 90], ['a', 1, 95])
    assert.equal(tally.seen, 2)
    assert.equal(tally.latencies(0, due)[2], 40)
  })
  it('refuses a count of more than was sent', () => {
    assert.throws(() => tallyOf(['b', 3, 1]), /b counts 3 records, sent were 2/)
    assert.throws(() => tallyOf(['c', 1, 1]), RangeError)
  })
})
