import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { barSchema } from '../../src/model/bar.ts'
import { mergeByTime } from '../../src/sources/merge-by-time.ts'
import { barsOf, barTime, describeBars } from './bars.ts'
import { yielding } from './chunked.ts'
import { framesOf } from './written-files.ts'

describe('mergeByTime', () => {
  it('advances all streams together, the first one first where times are equal', async () => {
    const streams = [
      yielding([barsOf('a', '2015-01-01 A', '2015-01-02 A'), barsOf('a', '2015-01-05 A')]),
      yielding([barsOf('b', '2015-01-02 B', '2015-01-03 B', '2015-01-06 B')]),
      yielding([]),
    ]
    const frames = await framesOf(mergeByTime(barSchema, 'a, b', streams, barTime))
    assert.deepEqual(describeBars(frames), [
      '2015-01-01 A',
      '2015-01-02 A',
      '2015-01-02 B',
      '2015-01-03 B',
      '2015-01-05 A',
      '2015-01-06 B',
    ])
    const [frame] = frames
    assert.equal(frame?.origin, 'a, b')
    const places = Array.from({ length: 6 }, (_, i) => `${frame?.originAt(i)}${frame?.positionAt(i)}`)
    assert.deepEqual(places, ['a0', 'a1', 'b0', 'b1', 'a0', 'b2'])
  })

  it('yields what was refused in a frame of its origin', async () => {
    const streams = [
      yielding([barsOf('a', '!'), barsOf('a', '2015-01-02 A', '!'), barsOf('a', '!', '!')]),
      yielding([barsOf('b', '2015-01-01 B')]),
    ]
    const frames = await framesOf(mergeByTime(barSchema, 'a, b', streams, barTime))
    assert.deepEqual(describeBars(frames).toSorted(), [
      '! a 0',
      '! a 0',
      '! a 1',
      '! a 1',
      '2015-01-01 B',
      '2015-01-02 A',
    ])
  })

  it('keeps every row and the order within each stream, whatever the dates and frames', async () => {
    const day = fc.integer({ min: 1, max: 9 }).map((d) => `2015-01-0${d}`)
    const stream = fc.array(fc.array(day, { maxLength: 4 }), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(
        fc.array(stream, { maxLength: 4 }),
        fc.integer({ min: 1, max: 5 }),
        async (all, rowsPerFrame) => {
          const streams = all.map((frames, s) =>
            yielding(frames.map((days) => barsOf(`f${s}`, ...days.map((d) => `${d} S${s}`)))),
          )
          const merged = await framesOf(mergeByTime(barSchema, 'all', streams, barTime, rowsPerFrame))
          const rows = describeBars(merged)
          for (const [s, frames] of all.entries()) {
            assert.deepEqual(
              rows.filter((row) => row.endsWith(` S${s}`)),
              frames.flat().map((d) => `${d} S${s}`),
            )
          }
          assert.equal(rows.length, all.flat(2).length)
          assert.ok(merged.every(({ length }) => length <= rowsPerFrame))
          if (all.every((frames) => isSorted(frames.flat()))) assert.ok(isSorted(rows.map((row) => row.slice(0, 10))))
        },
      ),
    )
  })

  it('merges sorted streams into a sorted one', async () => {
    const day = fc.integer({ min: 1, max: 9 }).map((d) => `2015-01-0${d}`)
    const sorted = fc.array(day, { maxLength: 8 }).map((days) => days.toSorted())
    await fc.assert(
      fc.asyncProperty(fc.array(sorted, { maxLength: 4 }), async (all) => {
        const streams = all.map((days, s) => yielding([barsOf(`f${s}`, ...days.map((d) => `${d} S${s}`))]))
        const rows = describeBars(await framesOf(mergeByTime(barSchema, 'all', streams, barTime)))
        assert.deepEqual(rows, rows.toSorted())
      }),
    )
  })

  it('closes its streams when it is left early', async () => {
    let closed = 0
    async function* stream() {
      try {
        yield barsOf('a', '2015-01-01 A')
        yield barsOf('a', '2015-01-02 A')
      } finally {
        closed++
      }
    }
    for await (const frame of mergeByTime(barSchema, 'a, a', [stream(), stream()], barTime, 1)) {
      assert.equal(frame.length, 1)
      break
    }
    assert.equal(closed, 2)
  })
})

function isSorted(texts: readonly string[]): boolean {
  return texts.every((text, i) => i === 0 || (texts[i - 1] ?? '') <= text)
}
