import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { BarFields } from '../../src/model/bar.ts'
import type { Frame } from '../../src/model/frame.ts'
import type { CsvFile } from '../../src/sources/csv-file.ts'
import { oldestFirst } from '../../src/sources/oldest-first.ts'
import { barsOf, barTime, describeBars } from './bars.ts'
import { fails, framesOf } from './written-files.ts'

const running = new AbortController().signal

/** A file that has 100 bytes of text to each of these frames. */
function fileOf(...frames: readonly Frame<BarFields>[]): CsvFile<BarFields> {
  return {
    path: 'prices.csv',
    bytes: 100 * frames.length,
    async *frames(_signal, hear = {}) {
      for (const frame of frames) {
        hear.onPackedBytes?.(50)
        hear.onTextBytes?.(100)
        yield frame
      }
    },
  }
}

describe('oldestFirst', () => {
  it('passes on the frames of a file that is in order, also with a few steps back', async () => {
    const frames = [
      barsOf('a', '2015-01-01 A', '2015-01-03 A', '2015-01-02 A', '2015-01-04 A'),
      barsOf('a', '2015-01-02 A', '2015-01-01 A'),
    ]
    assert.deepEqual(await framesOf(oldestFirst(fileOf(...frames), barTime, running)), frames)
  })

  it('turns a newest-first file round, rows, refusals and frames, and keeps their origins and lines', async () => {
    const file = fileOf(
      barsOf('a', '2015-01-05 A', '2015-01-04 A', '!', '2015-01-04 B'),
      barsOf('a', '!', '2015-01-03 A', '2015-01-02 A', '!'),
    )
    let packed = 0
    const frames = await framesOf(oldestFirst(file, barTime, running, { onPackedBytes: (bytes) => (packed += bytes) }))
    assert.equal(packed, 100)
    assert.deepEqual(describeBars(frames), [
      '! a 3',
      '! a 0',
      '2015-01-02 A',
      '2015-01-03 A',
      '! a 2',
      '2015-01-04 B',
      '2015-01-04 A',
      '2015-01-05 A',
    ])
    assert.deepEqual(
      [0, 1, 2].map((i) => [frames[1]?.originAt(i), frames[1]?.positionAt(i)]),
      [
        ['a', 3],
        ['a', 1],
        ['a', 0],
      ],
    )
  })

  it('takes a file without two dates as it is', async () => {
    const frames = [barsOf('a', '!'), barsOf('a', '2015-01-02 A', '2015-01-01 A')]
    assert.deepEqual(await framesOf(oldestFirst(fileOf(...frames), barTime, running)), frames)
  })

  it('refuses a newest-first file with more text than it may hold, and no other', async () => {
    const back = barsOf('a', '2015-01-02 A', '2015-01-01 A')
    const forth = barsOf('a', '2015-01-01 A', '2015-01-02 A')
    assert.equal((await framesOf(oldestFirst(fileOf(back, back), barTime, running, {}, 200))).length, 2)
    assert.equal((await framesOf(oldestFirst(fileOf(forth, back, back), barTime, running, {}, 200))).length, 3)
    await assert.rejects(
      framesOf(oldestFirst(fileOf(back, back, back), barTime, running, {}, 200)),
      fails('file-format', /^FILE has its newest rows first and is longer than the 200 bytes/, 'prices.csv'),
    )
  })

  it('yields nothing of a newest-first file once the signal has aborted', async () => {
    const back = barsOf('a', '2015-01-02 A', '2015-01-01 A')
    assert.deepEqual(await framesOf(oldestFirst(fileOf(back), barTime, AbortSignal.abort())), [])
  })
})
