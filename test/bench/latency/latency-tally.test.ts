import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LatencyTally } from '../../../bench/latency/latency-tally.ts'

const due = (index: number): number => index * 10

describe('the tally of latencies', () => {
  const groups = ['a', 'b', 'a', 'a', 'b']

  it('gives a result to every record that it counts, those without one of their own too', () => {
    const tally = new LatencyTally(groups)
    tally.see('a', 1, 5)
    tally.see('b', 2, 50)
    tally.see('a', 3, 60)
    assert.equal(tally.seen, 5)
    assert.deepEqual([...tally.latencies(0, due)], [5, 40, 40, 30, 10])
  })
  it('leaves out the records before the first that counts', () => {
    const tally = new LatencyTally(groups)
    tally.see('a', 3, 60)
    tally.see('b', 2, 70)
    assert.deepEqual([...tally.latencies(3, due)], [30, 30])
  })
  it('takes the first time when a result comes again', () => {
    const tally = new LatencyTally(groups)
    tally.see('a', 2, 60)
    tally.see('a', 2, 90)
    tally.see('a', 1, 95)
    assert.equal(tally.seen, 2)
    assert.equal(tally.latencies(0, due)[2], 40)
  })
  it('refuses a count of more than was sent', () => {
    const tally = new LatencyTally(groups)
    assert.throws(() => tally.see('b', 3, 1), /b counts 3 records, sent were 2/)
    assert.throws(() => tally.see('c', 1, 1), RangeError)
  })
})
