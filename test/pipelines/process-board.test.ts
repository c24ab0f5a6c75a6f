import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ProcessReport } from '../../src/model/status.ts'
import { ProcessBoard } from '../../src/pipelines/process-board.ts'
import { HandClock } from './hand-clock.ts'

function reportOf(name: string, changed: Partial<ProcessReport> = {}): Record<string, unknown> {
  const report: ProcessReport = {
    name,
    role: 'analysis',
    state: 'running',
    at: 1,
    records: 10,
    recordsPerSecond: 5,
    lagRecords: 3,
    newestSentAt: 77,
    progress: null,
    playback: null,
    note: null,
    ...changed,
  }
  return { ...report }
}

const sourceOf = (name: string, changed: Partial<ProcessReport> = {}): Record<string, unknown> =>
  reportOf(name, { role: 'source', playback: 'replay', progress: 0.5, ...changed })

describe('the board of processes', () => {
  it('shows the last report of each, and when it was heard', () => {
    const clock = new HandClock(1_000)
    const board = new ProcessBoard(clock)
    board.hear(reportOf('aroon'))
    clock.time = 2_000
    board.hear(reportOf('bollinger'))
    board.hear(reportOf('aroon', { records: 11, note: 'waits' }))
    const common = {
      role: 'analysis',
      state: 'running',
      recordsPerSecond: 5,
      lagRecords: 3,
      newestSentAt: 77,
      progress: null,
    }
    assert.deepEqual(board.views(), [
      { name: 'aroon', ...common, records: 11, note: 'waits', heardAt: 2_000 },
      { name: 'bollinger', ...common, records: 10, note: null, heardAt: 2_000 },
    ])
  })

  it('pays no heed to what is no report', () => {
    const board = new ProcessBoard(new HandClock())
    const bad = [
      {},
      { name: 7 },
      { name: 'x'.repeat(201) },
      { role: 'king' },
      { state: 'happy' },
      { state: 'constructor' },
    ]
    board.hear({})
    for (const wrong of bad.slice(1)) board.hear({ ...reportOf('aroon'), ...wrong })
    assert.deepEqual(board.views(), [])
  })

  it('takes figures that are finite numbers, and a note of 500 characters at most', () => {
    const board = new ProcessBoard(new HandClock(0))
    const odd = {
      records: '7',
      recordsPerSecond: Infinity,
      lagRecords: {},
      newestSentAt: Number.NaN,
      progress: true,
      at: null,
    }
    board.hear({ ...reportOf('aroon'), ...odd, note: 'x'.repeat(900) })
    const expected = { records: 0, recordsPerSecond: 0, lagRecords: null, newestSentAt: null, progress: null }
    const [view] = board.views()
    assert.deepEqual({ ...view }, { ...view, ...expected, note: 'x'.repeat(500) })
  })

  it('hears 500 processes at most, and those it knows after that too', () => {
    const board = new ProcessBoard(new HandClock())
    for (let i = 0; i < 600; i++) board.hear(reportOf(`p${i}`))
    board.hear(reportOf('p0', { records: 99 }))
    assert.equal(board.views().length, 500)
    assert.equal(board.views()[0]?.records, 99)
  })

  it('shows what was noted of a process that died, until it runs again', () => {
    const board = new ProcessBoard(new HandClock())
    const shown = (): unknown[] => board.views().map(({ state, note }) => [state, note])
    board.hear(reportOf('aroon'))
    board.note('aroon', 'analysis', 'failed', 'was ended by SIGKILL')
    board.hear(reportOf('aroon')) // sent before it died
    assert.deepEqual(shown(), [['failed', 'was ended by SIGKILL']])
    board.note('aroon', 'analysis', 'starting', 'is started again')
    assert.deepEqual(shown(), [['starting', 'is started again']])
    board.hear(reportOf('aroon'))
    assert.deepEqual(shown(), [['running', null]])
  })

  it('shows a process that has not said anything yet', () => {
    const board = new ProcessBoard(new HandClock(5))
    board.note('prices', 'source', 'starting', null)
    const [view, ...others] = board.views()
    assert.deepEqual(others, [])
    assert.deepEqual(
      [view?.name, view?.role, view?.state, view?.records, view?.heardAt],
      ['prices', 'source', 'starting', 0, 5],
    )
  })

  it('forgets everybody by clear', () => {
    const board = new ProcessBoard(new HandClock())
    board.hear(reportOf('aroon'))
    board.note('aroon', 'analysis', 'failed', 'x')
    board.clear()
    assert.deepEqual(board.views(), [])
    board.hear(reportOf('aroon'))
    assert.equal(board.views()[0]?.state, 'running')
  })
})

function playbackOf(...reports: readonly Record<string, unknown>[]): string {
  const board = new ProcessBoard(new HandClock())
  for (const report of reports) board.hear(report)
  return board.playback()
}

describe('the playback', () => {
  it('is live as soon as one source is', () => {
    assert.equal(
      playbackOf(sourceOf('a', { state: 'stopped', progress: 1 }), sourceOf('b', { playback: 'live' })),
      'live',
    )
  })

  it('has ended when every source was played to its end', () => {
    const played = { state: 'stopped', progress: 1 } as const
    assert.equal(playbackOf(sourceOf('a', played), sourceOf('b', played), reportOf('aroon')), 'ended')
    assert.equal(playbackOf(sourceOf('a', played), sourceOf('b')), 'replay')
    assert.equal(playbackOf(sourceOf('a', { state: 'stopped', progress: null })), 'replay')
    assert.equal(playbackOf(sourceOf('a', { state: 'failed', progress: 1 })), 'replay')
  })

  it('is a replay before any source was heard', () => {
    assert.equal(playbackOf(), 'replay')
    assert.equal(playbackOf(reportOf('aroon', { state: 'stopped', progress: 1 })), 'replay')
  })
})
