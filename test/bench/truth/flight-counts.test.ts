import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Report } from '../../../bench/engine.ts'
import { FlightCounts } from '../../../bench/truth/flight-counts.ts'

const whole = [
  { partition: 0, from: 0, to: 3 },
  { partition: 1, from: 0, to: 2 },
]
const right = { 'AA 2015-01-01': 2, 'AA 2015-01-02': 1, 'DL 2015-01-01': 2 }

function truth(): FlightCounts {
  const counts = new FlightCounts(2)
  for (const group of ['AA 2015-01-01', 'AA 2015-01-02', 'AA 2015-01-01']) counts.add(0, group)
  for (const group of ['DL 2015-01-01', 'DL 2015-01-01']) counts.add(1, group)
  return counts
}

function report(counts: Readonly<Record<string, number>>, records = 5): Report {
  return { from: 1, to: 2, records, counts }
}

describe('the truth of the flights', () => {
  it('accepts the right counts, of one process or of several', () => {
    assert.equal(truth().findFault(whole, [report(right)]), undefined)
    const halves = [report({ 'AA 2015-01-01': 2, 'AA 2015-01-02': 1 }, 3), report({ 'DL 2015-01-01': 2 }, 2)]
    assert.equal(truth().findFault(whole, halves), undefined)
  })
  it('finds one flight too many or too few', () => {
    const fault = 'AA 2015-01-02 has 2 flights instead of 1'
    assert.equal(truth().findFault(whole, [report({ ...right, 'AA 2015-01-02': 2 })]), fault)
    const none = 'DL 2015-01-01 has 0 flights instead of 2'
    assert.equal(truth().findFault(whole, [report({ 'AA 2015-01-01': 2, 'AA 2015-01-02': 1 })]), none)
  })
  it('finds a day that is not there', () => {
    assert.equal(
      truth().findFault(whole, [report({ ...right, 'ZZ 2015-01-01': 1 })]),
      'ZZ 2015-01-01 is not in the topic',
    )
  })
  it('finds a record that was not read, also for one who counts nothing', () => {
    assert.equal(truth().findFault(whole, [report(right, 4)]), 'read 4 records of 5')
    assert.equal(truth().findFault(whole, [{ from: 1, to: 2, records: 4 }]), 'read 4 records of 5')
    assert.equal(truth().findFault(whole, [{ from: 1, to: 2, records: 5 }]), undefined)
  })
  it('knows the counts of a part of the topic', () => {
    const part = [{ partition: 0, from: 1, to: 3 }]
    assert.deepEqual(Object.fromEntries(truth().countsOf(part)), { 'AA 2015-01-02': 1, 'AA 2015-01-01': 1 })
  })
})
