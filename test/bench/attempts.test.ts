import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Attempts } from '../../bench/attempts.ts'

describe('the parts of a run', () => {
  const told: string[] = []
  const attemptsUntil = (signal: AbortSignal): Attempts => new Attempts(signal, (line) => told.push(line))

  it('are measured one after another, whatever becomes of the ones before', async () => {
    const attempts = attemptsUntil(new AbortController().signal)
    const broken = await attempts.at(['flights-drain', 'linearity'], () => Promise.reject(new Error('no room')))
    assert.equal(broken, undefined)
    assert.equal(await attempts.at(['latency'], async () => 7), 7)
    assert.deepEqual(attempts.failed, [
      { part: 'flights-drain', reason: 'no room' },
      { part: 'linearity', reason: 'no room' },
    ])
    assert.deepEqual(told, ['not measured, flights-drain and linearity: no room'])
  })
  it('keep the rows that were there when they fail', async () => {
    const attempts = attemptsUntil(new AbortController().signal)
    const rows = await attempts.rowsOf('memory', async function* () {
      yield 1
      yield 2
      throw new Error('no room')
    })
    assert.deepEqual([rows, attempts.failed], [[1, 2], [{ part: 'memory', reason: 'no room' }]])
    assert.deepEqual(await attempts.rowsOf('latency', async () => [3]), [3])
  })
  it('are not begun any more after the end of Kafka, which is told instead of what it led to', async () => {
    const end = new AbortController()
    const attempts = attemptsUntil(end.signal)
    await attempts.at(['latency'], () => {
      end.abort(new Error('Kafka died'))
      return Promise.reject(new Error('nobody answers'))
    })
    await attempts.at(['memory'], () => assert.fail('begun'))
    assert.deepEqual(attempts.failed, [
      { part: 'latency', reason: 'Kafka died' },
      { part: 'memory', reason: 'Kafka died' },
    ])
  })
})
