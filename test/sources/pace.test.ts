import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import type { BarFields } from '../../src/model/bar.ts'
import type { Frame } from '../../src/model/frame.ts'
import { gapMsMax, owedMsMax, pace, tickMs, type Pace, type PaceOptions } from '../../src/sources/pace.ts'
import { Pacer } from '../../src/sources/pacer.ts'
import { barsOf, barTime } from './bars.ts'
import { yielding } from './chunked.ts'
import { JumpingClock } from './jumping-clock.ts'

const running = new AbortController().signal

/** A bar of any other symbol does not say when it was. */
function timeOfA(frame: Frame<BarFields>, index: number): number | undefined {
  return frame.cellAt('symbol', index) === 'A' ? barTime(frame, index) : undefined
}

/** Frames of so many bars, a minute of their own time apart. */
function minutes(...lengths: readonly number[]): Frame<BarFields>[] {
  let minute = 0
  return lengths.map((length) =>
    barsOf('f', ...Array.from({ length }, () => `${new Date(60_000 * minute++).toISOString().slice(0, 19)}Z A`)),
  )
}

interface Seen {
  /** Milliseconds from the beginning. */
  readonly at: number
  readonly from: number
  readonly to: number
}

/** Takes all slices; `use` is what happens to each, and may move the clock or stop it all. */
async function take(
  frames: readonly Frame<BarFields>[],
  chosen: Pace,
  options: Partial<PaceOptions<BarFields>> & { clock?: JumpingClock } = {},
  use: (seen: Seen) => void = () => {},
): Promise<Seen[]> {
  const clock = options.clock ?? new JumpingClock()
  const begin = clock.time
  const seen: Seen[] = []
  const slices = pace(yielding(frames), { pace: chosen, timeOf: barTime, signal: running, ...options, clock })
  for await (const { from, to } of slices) {
    const slice = { at: clock.time - begin, from, to }
    seen.push(slice)
    use(slice)
  }
  return seen
}

const rows = (seen: readonly Seen[]): number => seen.reduce((sum, { from, to }) => sum + to - from, 0)

describe('pace max', () => {
  it('gives each frame as one slice, without a sleep', async () => {
    const clock = new JumpingClock()
    assert.deepEqual(await take(minutes(3, 0, 2), { kind: 'max' }, { clock }), [
      { at: 0, from: 0, to: 3 },
      { at: 0, from: 0, to: 0 },
      { at: 0, from: 0, to: 2 },
    ])
    assert.deepEqual(clock.sleeps, [])
  })
})

describe('pace rate', () => {
  it('gives a slow rate row by row', async () => {
    const seen = await take(minutes(2, 2), { kind: 'rate', perSecond: 10 })
    assert.deepEqual(
      seen.map(({ at, from, to }) => [at, from, to]),
      [
        [0, 0, 1],
        [100, 1, 2],
        [200, 0, 1],
        [300, 1, 2],
      ],
    )
  })

  it(`gives a high rate in slices that are ${tickMs} ms apart`, async () => {
    const clock = new JumpingClock()
    const seen = await take(minutes(1_000, 1_000), { kind: 'rate', perSecond: 1_000 }, { clock })
    assert.equal(rows(seen), 2_000)
    assert.ok(Math.abs((seen.at(-1)?.at ?? 0) - 2_000) <= tickMs)
    assert.ok(seen.length <= 2_000 / tickMs + 2, `${seen.length} slices`)
    assert.ok(clock.sleeps.every((ms) => ms <= tickMs))
  })

  it('does not drift when sleeps end late and slices take time', async () => {
    const clock = new JumpingClock()
    clock.onSleep = () => (clock.time += 3)
    const seen = await take(minutes(5_000), { kind: 'rate', perSecond: 100 }, { clock }, () => (clock.time += 2))
    const last = seen.at(-1)?.at ?? 0
    assert.ok(last >= 49_990 && last < 50_040, `ended after ${last} ms`)
  })

  it('catches up after a stall, and owes nothing beyond half a minute of it', async () => {
    for (const [stall, end] of [
      [owedMsMax - 1_000, 100_000],
      [owedMsMax + 50_000, 150_000],
    ] as const) {
      const clock = new JumpingClock()
      let stalled = false
      const seen = await take(minutes(500, 500), { kind: 'rate', perSecond: 10 }, { clock }, ({ at }) => {
        if (stalled || at < 10_000) return
        stalled = true
        clock.time += stall
      })
      const last = seen.at(-1)?.at ?? 0
      assert.ok(Math.abs(last - end) < 250, `ended after ${last} ms`)
      assert.equal(rows(seen), 1_000)
    }
  })

  it('does not wait for a clock that was set back', async () => {
    const clock = new JumpingClock()
    await take(minutes(100), { kind: 'rate', perSecond: 10 }, { clock }, ({ from }) => {
      if (from === 50) clock.time -= 3_600_000
    })
    const asleep = clock.sleeps.reduce((sum, ms) => sum + ms, 0)
    assert.ok(asleep > 9_000 && asleep < 11_000, `slept ${asleep} ms`)
  })

  it('waits longer than a timer can', async () => {
    const clock = new JumpingClock()
    const seen = await take(minutes(2), { kind: 'rate', perSecond: 1e-6 }, { clock })
    assert.ok(Math.abs((seen[1]?.at ?? 0) - 1e9) < 2)
    assert.ok(clock.sleeps.every((ms) => ms < 2 ** 31))
  })

  it('takes only rates and speeds above 0', async () => {
    for (const wrong of [0, -1, NaN, Infinity]) {
      await assert.rejects(take(minutes(1), { kind: 'rate', perSecond: wrong }), /perSecond must be a number above 0/)
      await assert.rejects(take(minutes(1), { kind: 'speed', times: wrong }), /times must be a number above 0/)
    }
  })
})

describe('pace speed', () => {
  it("follows the data's own clock", async () => {
    const seen = await take(minutes(2, 2), { kind: 'speed', times: 60 })
    assert.deepEqual(
      seen.map(({ at }) => at),
      [0, 1_000, 2_000, 3_000],
    )
  })

  it('lets rows of one time, and rows from before it, come together', async () => {
    const frame = barsOf('f', '2015-01-02 A', '2015-01-02 B', '2015-01-01 A', '2015-01-02 C', '2015-01-03 A')
    assert.deepEqual(await take([frame], { kind: 'speed', times: 86_400 }), [
      { at: 0, from: 0, to: 4 },
      { at: 1_000, from: 4, to: 5 },
    ])
  })

  it('lets rows without a time come with the row before them', async () => {
    const frame = barsOf('f', '2015-01-01 B', '2015-01-01 A', '2015-01-09 B', '2015-01-02 A', '2015-01-09 B')
    assert.deepEqual(await take([frame], { kind: 'speed', times: 86_400 }, { timeOf: timeOfA }), [
      { at: 0, from: 0, to: 3 },
      { at: 1_000, from: 3, to: 5 },
    ])
  })

  it(`waits ${gapMsMax / 1000} s at most for a row`, async () => {
    const seen = await take([barsOf('f', '2015-01-01 A', '2015-12-31 A')], { kind: 'speed', times: 1 })
    assert.deepEqual(
      seen.map(({ at }) => at),
      [0, gapMsMax],
    )
  })
})

describe('a paced stream', () => {
  it('begins with its history at once, and the pace behind it, however long the history took', async () => {
    const clock = new JumpingClock()
    const chosen = { kind: 'rate', perSecond: 10 } as const
    const seen = await take(minutes(3, 4), chosen, { clock, history: 5 }, ({ at }) => {
      if (at === 0) clock.time += 5_000
    })
    assert.deepEqual(seen, [
      { at: 0, from: 0, to: 3 },
      { at: 5_000, from: 0, to: 2 },
      { at: 5_000, from: 2, to: 3 },
      { at: 5_100, from: 3, to: 4 },
    ])
  })

  it('passes on frames that have refusals only, once', async () => {
    const seen = await take([barsOf('f', '!'), ...minutes(1), barsOf('f', '!')], { kind: 'rate', perSecond: 1 })
    assert.deepEqual(
      seen.map(({ from, to }) => [from, to]),
      [
        [0, 0],
        [0, 1],
        [0, 0],
      ],
    )
  })

  it('gives nothing while it is paused, and owes nothing for that time', async () => {
    for (const inSleep of [false, true]) {
      const clock = new JumpingClock()
      const pacer = new Pacer(clock)
      const pause = (): void => {
        pacer.pause()
        setImmediate(() => {
          clock.time += 60_000
          pacer.resume()
        })
      }
      let sleeps = 0
      if (inSleep) clock.onSleep = () => (++sleeps === 4 ? pause() : undefined)
      const seen = await take(minutes(10), { kind: 'rate', perSecond: 10 }, { clock, pacer }, ({ from }) => {
        if (!inSleep && from === 4) pause()
      })
      assert.ok(pacer.pausedMs >= 60_000)
      const unpaused = [0, 100, 200, 300, 400, 500, 600, 700, 800, 900]
      assert.deepEqual(
        seen.map(({ at }) => at),
        unpaused.map((at) => (at < 400 || (at === 400 && !inSleep) ? at : at + pacer.pausedMs)),
      )
    }
  })

  it('is held at max too', async () => {
    const clock = new JumpingClock()
    const pacer = new Pacer(clock)
    pacer.pause()
    setImmediate(() => {
      clock.time += 500
      pacer.resume()
    })
    assert.deepEqual(await take(minutes(1), { kind: 'max' }, { clock, pacer }), [{ at: 500, from: 0, to: 1 }])
  })

  it('ends when the signal aborts, between slices, in a sleep or in a pause', async () => {
    const abort = new AbortController()
    const seen = await take(minutes(9), { kind: 'rate', perSecond: 1 }, { signal: abort.signal }, ({ from }) => {
      if (from === 3) abort.abort()
    })
    assert.equal(rows(seen), 4)
    const asleep = new AbortController()
    const clock = new JumpingClock()
    clock.onSleep = () => asleep.abort()
    assert.equal(rows(await take(minutes(9), { kind: 'rate', perSecond: 1 }, { clock, signal: asleep.signal })), 1)
    const paused = new AbortController()
    const pacer = new Pacer(clock)
    pacer.pause()
    setImmediate(() => paused.abort())
    assert.equal(rows(await take(minutes(9), { kind: 'max' }, { pacer, signal: paused.signal })), 0)
  })

  it('gives every row once, in order and never early, and every frame one slice from 0', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 6 }),
        fc.oneof(
          fc.constant<Pace>({ kind: 'max' }),
          fc.integer({ min: 1, max: 5_000 }).map<Pace>((perSecond) => ({ kind: 'rate', perSecond })),
          fc.integer({ min: 10, max: 100_000 }).map<Pace>((times) => ({ kind: 'speed', times })),
        ),
        fc.integer({ min: 0, max: 40 }),
        fc.array(fc.integer({ min: 0, max: 90 }), { minLength: 1, maxLength: 5 }),
        async (lengths, chosen, history, costs) => {
          const clock = new JumpingClock()
          let slices = 0
          const seen = await take(minutes(...lengths), chosen, { clock, history }, () => {
            clock.time += costs[slices++ % costs.length] ?? 0
          })
          assert.equal(seen.filter(({ from }) => from === 0).length, lengths.length)
          assert.deepEqual(
            seen.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i)),
            lengths.flatMap((length) => Array.from({ length }, (_, i) => i)),
          )
          const perRowMs =
            chosen.kind === 'rate' ? 1_000 / chosen.perSecond : chosen.kind === 'speed' ? 60_000 / chosen.times : 0
          let before = 0
          for (const { at, from, to } of seen) {
            before += to - from
            assert.ok(at >= (before - 1 - history) * perRowMs - 1e-6)
          }
        },
      ),
      { numRuns: 300 },
    )
  })
})
