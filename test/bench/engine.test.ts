import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { recordsIn, shareOf, type Task } from '../../bench/engine.ts'

const spans = [40, 10, 30, 20].map((records, partition) => ({ partition, from: 100, to: 100 + records }))

function taskOf(index: number, of: number): Task {
  const names = { brokers: [], topic: 't', mode: 'm', folder: '', id: 'x' }
  return { job: 'flights-drain', ...names, spans, process: { index, of } }
}

describe('the shares of processes', () => {
  it('are even, and together everything', () => {
    const shares = [0, 1].map((index) => shareOf(taskOf(index, 2)))
    assert.deepEqual(shares.map(recordsIn), [50, 50])
    assert.deepEqual(
      shares.flat().toSorted((left, right) => left.partition - right.partition),
      spans,
    )
  })
  it('of one process are everything', () => assert.equal(recordsIn(shareOf(taskOf(0, 1))), 100))
})
