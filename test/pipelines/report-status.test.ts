import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { Publisher } from '../../src/broker/broker.ts'
import type { ProcessReport } from '../../src/model/status.ts'
import { startStatusReporter, type StatusReporter } from '../../src/pipelines/report-status.ts'
import { status } from '../../src/topics/status.ts'
import { HandClock, settle } from './hand-clock.ts'

const who = { name: 'aroon', role: 'analysis', playback: null } as const

interface Desk {
  readonly reporter: StatusReporter
  readonly clock: HandClock
  readonly reports: ProcessReport[]
  /** Lets a second go by. */
  readonly second: () => Promise<void>
}

function startDesk(t: TestContext, around: (send: () => void) => Promise<void> = async (send) => send()): Desk {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const clock = new HandClock()
  const reports: ProcessReport[] = []
  const publisher: Publisher = {
    send: (topic, records) =>
      around(() => {
        for (const { key, value } of records) {
          assert.deepEqual([topic, key], [status.name, 'aroon'])
          reports.push(JSON.parse(String(value)))
        }
      }),
    close: async () => {},
  }
  const reporter = startStatusReporter(publisher, clock, who)
  const second = async (): Promise<void> => {
    clock.time += 1_000
    t.mock.timers.tick(1_000)
    await settle()
  }
  return { reporter, clock, reports, second }
}

describe('a status reporter', () => {
  it('says at once that the process runs, and then once a second how it does', async (t) => {
    const { reporter, clock, reports, second } = startDesk(t)
    await settle()
    const at = clock.time
    const nothing = { records: 0, lagRecords: null, newestSentAt: null, progress: null, note: null }
    assert.deepEqual(reports, [{ ...who, ...nothing, state: 'running', at, recordsPerSecond: 0 }])
    reporter.update({ records: 500, lagRecords: 7 })
    reporter.update({ newestSentAt: 99 })
    await second()
    const known = { ...nothing, records: 500, lagRecords: 7, newestSentAt: 99 }
    assert.deepEqual(reports.at(-1), { ...who, ...known, state: 'running', at: at + 1_000, recordsPerSecond: 500 })
    await second()
    assert.deepEqual([reports.length, reports.at(-1)?.recordsPerSecond], [3, 0])
  })

  it('says one last thing, and nothing after it', async (t) => {
    const { reporter, reports, second } = startDesk(t)
    reporter.update({ records: 500, note: 'waits' })
    await second()
    reporter.update({ records: 900 })
    await reporter.end('failed', 'the disk is full')
    const last = reports.at(-1)
    assert.deepEqual(
      [last?.state, last?.note, last?.records, last?.recordsPerSecond],
      ['failed', 'the disk is full', 900, 0],
    )
    const { length } = reports
    await second()
    await second()
    assert.equal(reports.length, length)
  })

  it('drops reports while the broker is away, and then tells the newest', async (t) => {
    const waiting: (() => void)[] = []
    let sends = 0
    const { reporter, reports, second } = startDesk(t, async (send) => {
      sends++
      await new Promise<void>((resolve) => waiting.push(resolve))
      send()
    })
    const answer = async (): Promise<void> => {
      waiting.shift()?.()
      await settle()
    }
    for (let i = 1; i <= 5; i++) {
      reporter.update({ records: i })
      await second()
    }
    assert.deepEqual([sends, reports.length], [1, 0])
    await answer()
    await second()
    await answer()
    assert.deepEqual([sends, reports.map(({ records }) => records)], [2, [0, 5]])
  })

  it('goes on after a report that could not be sent', async (t) => {
    let isAway = true
    const { reports, second } = startDesk(t, async (send) => {
      if (isAway) throw new Error('away')
      send()
    })
    await second()
    isAway = false
    await second()
    assert.equal(reports.length, 1)
  })

  it('waits a second for its last report to arrive, and no longer', async (t) => {
    const { reporter, clock } = startDesk(t, () => new Promise(() => {}))
    let isOver = false
    const ending = reporter.end('stopped', null).then(() => (isOver = true))
    await clock.advance(999)
    assert.equal(isOver, false)
    await clock.advance(1)
    await ending
  })
})
