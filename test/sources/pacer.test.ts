import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Pacer } from '../../src/sources/pacer.ts'
import { JumpingClock } from './jumping-clock.ts'

const running = new AbortController().signal

describe('a pacer', () => {
  it('counts the time it was paused, also while it still is, and a second pause or resume as none', () => {
    const clock = new JumpingClock()
    const pacer = new Pacer(clock)
    pacer.resume()
    clock.time += 100
    assert.deepEqual([pacer.isPaused, pacer.pausedMs], [false, 0])
    pacer.pause()
    clock.time += 30
    pacer.pause()
    clock.time += 3
    assert.deepEqual([pacer.isPaused, pacer.pausedMs], [true, 33])
    pacer.resume()
    clock.time += 1_000
    pacer.resume()
    assert.deepEqual([pacer.isPaused, pacer.pausedMs], [false, 33])
    pacer.pause()
    clock.time += 7
    pacer.resume()
    assert.equal(pacer.pausedMs, 40)
  })

  it('lets everyone go on who waits when it is resumed', async () => {
    const pacer = new Pacer(new JumpingClock())
    await pacer.whenResumed(running)
    pacer.pause()
    let waiting = 2
    const all = [pacer.whenResumed(running), pacer.whenResumed(running)].map((wait) => wait.then(() => waiting--))
    await new Promise(setImmediate)
    assert.equal(waiting, 2)
    pacer.resume()
    await Promise.all(all)
    assert.equal(waiting, 0)
  })

  it('waits on when it is resumed and paused again at once', async () => {
    const pacer = new Pacer(new JumpingClock())
    pacer.pause()
    let isWaiting = true
    const wait = pacer.whenResumed(running).then(() => (isWaiting = false))
    pacer.resume()
    pacer.pause()
    await new Promise(setImmediate)
    assert.equal(isWaiting, true)
    pacer.resume()
    await wait
  })

  it('stops waiting when the signal aborts, before or meanwhile', async () => {
    const pacer = new Pacer(new JumpingClock())
    pacer.pause()
    await pacer.whenResumed(AbortSignal.abort())
    const abort = new AbortController()
    const wait = pacer.whenResumed(abort.signal)
    abort.abort()
    await wait
    assert.equal(pacer.isPaused, true)
  })
})
