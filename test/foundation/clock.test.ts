import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { systemClock } from '../../src/foundation/clock.ts'

describe('the system clock', () => {
  it('tells milliseconds since the epoch', () => {
    const before = Date.now()
    const now = systemClock.now()
    assert.ok(now >= before && now <= Date.now())
  })

  it('sleeps as long as it is told', async () => {
    const start = performance.now()
    await systemClock.sleep(20)
    assert.ok(performance.now() - start >= 18)
  })

  it('wakes at once and without an error when the signal aborts, or has aborted already', async () => {
    const abort = new AbortController()
    const asleep = systemClock.sleep(600_000, abort.signal)
    abort.abort(new Error('woken'))
    assert.equal(await asleep, undefined)
    assert.equal(await systemClock.sleep(600_000, abort.signal), undefined)
  })
})
