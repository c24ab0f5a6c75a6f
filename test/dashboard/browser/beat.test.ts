import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { createBeat, type Beat } from '../../../src/dashboard/browser/beat.ts'
import { createFakeTimers, type FakeTimers } from './fake-timers.ts'

interface Stage {
  readonly beat: Beat
  readonly timers: FakeTimers
  /** When it drew, since the start. */
  readonly drawnAt: number[]
  /** What a visible tab does; a hidden one has no frames. */
  showFrame(): void
}

function createStage(): Stage {
  const timers = createFakeTimers()
  const start = timers.now()
  const drawnAt: number[] = []
  let frames: (() => void)[] = []
  const beat = createBeat({
    now: timers.now,
    after: timers.after,
    nextFrame: (call) => frames.push(call),
    draw: () => drawnAt.push(timers.now() - start),
  })
  return {
    beat,
    timers,
    drawnAt,
    showFrame() {
      const due = frames
      frames = []
      for (const frame of due) frame()
    },
  }
}

test('many changes before a frame are drawn once', () => {
  const stage = createStage()
  for (let change = 0; change < 50; change += 1) stage.beat.changed()
  stage.showFrame()
  stage.showFrame()
  equal(stage.drawnAt.length, 1)
})

test('a slower beat collects the changes and draws them together', () => {
  const stage = createStage()
  stage.beat.setEvery(5_000)
  stage.showFrame()
  for (let second = 0; second < 12; second += 1) {
    stage.timers.advance(1_000)
    stage.beat.changed()
    stage.showFrame()
  }
  deepEqual(stage.drawnAt, [0, 5_000, 10_000])
})

test('without a change nothing is drawn, whatever the beat', () => {
  const stage = createStage()
  stage.beat.setEvery(5_000)
  stage.showFrame()
  stage.timers.advance(60_000)
  stage.showFrame()
  deepEqual(stage.drawnAt, [0])
})

test('what the reader does is drawn at once and begins the beat anew', () => {
  const stage = createStage()
  stage.beat.setEvery(5_000)
  stage.showFrame()
  stage.timers.advance(2_000)
  stage.beat.changed()
  stage.beat.drawSoon()
  stage.showFrame()
  stage.timers.advance(4_000)
  stage.beat.changed()
  stage.showFrame()
  deepEqual(stage.drawnAt, [0, 2_000])
  stage.timers.advance(1_000)
  stage.showFrame()
  deepEqual(stage.drawnAt, [0, 2_000, 7_000])
})

test('a hidden tab draws nothing, and once when it is shown again', () => {
  const stage = createStage()
  for (let second = 0; second < 60; second += 1) {
    stage.timers.advance(1_000)
    stage.beat.changed()
  }
  deepEqual(stage.drawnAt, [])
  stage.showFrame()
  deepEqual(stage.drawnAt, [60_000])
})
