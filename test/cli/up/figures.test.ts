import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { describeFigures } from '../../../src/cli/up/figures.ts'
import type { SystemStatus } from '../../../src/model/live.ts'
import { processView } from '../../support/process-view.ts'

const status: SystemStatus = {
  version: '0.1.0',
  broker: { kind: 'up', address: '127.0.0.1:9092' },
  processes: [
    processView('flights', 'source', { records: 12_000, recordsPerSecond: 79.6 }),
    processView('prices', 'source', { records: 345, recordsPerSecond: 16 }),
    processView('aroon', 'analysis', { records: 999, lagRecords: 7 }),
    processView('bollinger', 'analysis', { state: 'failed', lagRecords: 1_234 }),
  ],
  topics: [],
  quarantined: 3,
  playback: 'replay',
  canPlayAgain: true,
}

describe('the line of figures', () => {
  it('adds up what the sources send, and tells the longest lag', () => {
    assert.equal(describeFigures(status), '12,345 sent · 96/s · 1 of 2 analyses running · lag 1,234 · 3 quarantined')
  })

  it('says when everything was played, and when the broker is away', () => {
    const away: SystemStatus = {
      ...status,
      playback: 'ended',
      broker: { kind: 'down', since: 1, reason: 'ECONNREFUSED' },
    }
    assert.match(describeFigures(away), / · all played · broker away: ECONNREFUSED$/)
  })

  it('has something to say before anybody has reported', () => {
    const empty = describeFigures({ ...status, processes: [], quarantined: 0 })
    assert.equal(empty, '0 sent · 0/s · 0 of 0 analyses running · lag 0 · 0 quarantined')
  })
})
