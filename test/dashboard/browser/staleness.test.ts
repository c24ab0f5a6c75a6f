import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection } from '../../../src/dashboard/browser/live.ts'
import { describeHealth, healthOf, playbackOf, staleReason } from '../../../src/dashboard/browser/staleness.ts'
import type { ProcessView, SystemStatus } from '../../../src/model/live.ts'
import { processView } from '../../support/process-view.ts'

const now = 1_000_000
const connected: Connection = { kind: 'connected' }

function process(name: string, changes: Partial<ProcessView> = {}): ProcessView {
  return processView(name, 'analysis', { heardAt: now - 500, ...changes })
}

function system(processes: readonly ProcessView[], changes: Partial<SystemStatus> = {}): SystemStatus {
  return {
    version: '0',
    broker: { kind: 'up', address: 'localhost:9092' },
    processes,
    topics: [],
    quarantined: 0,
    playback: 'replay',
    canPlayAgain: false,
    ...changes,
  }
}

const reasonFor = (status: SystemStatus, connection: Connection = connected): string | null =>
  staleReason(connection, status, now, 'aroon', 'prices')

test('a chart is current while its analysis and its source speak', () => {
  equal(reasonFor(system([process('aroon'), process('prices', { role: 'source' })])), null)
  equal(reasonFor(system([])), null)
})

test('a lost connection and a broker that is away come before all else', () => {
  const failed = system([process('aroon', { state: 'failed' })])
  equal(reasonFor(failed, { kind: 'lost', since: 0, nextTryAt: null }), 'not connected')
  equal(
    reasonFor(system(failed.processes, { broker: { kind: 'down', since: 0, reason: 'refused' } })),
    'the broker is away',
  )
})

test('an analysis that failed, stopped or fell silent makes its chart stale', () => {
  equal(reasonFor(system([process('aroon', { state: 'failed' })])), 'aroon failed')
  equal(reasonFor(system([process('aroon', { state: 'stopped' })])), 'aroon is stopped')
  equal(reasonFor(system([process('aroon', { heardAt: now - 3_001 })])), 'aroon is silent')
  equal(reasonFor(system([process('aroon', { heardAt: now - 3_000 })])), null)
})

test('another analysis does not matter', () => {
  equal(reasonFor(system([process('aroon'), process('bollinger', { state: 'failed' })])), null)
})

test('one of two copies is enough', () => {
  equal(reasonFor(system([process('aroon', { state: 'failed' }), process('aroon-2')])), null)
  equal(
    reasonFor(system([process('aroon-1', { state: 'failed' }), process('aroon-2', { state: 'failed' })])),
    'aroon-1 failed',
  )
})

test('a source that stopped matters until everything recorded was played', () => {
  const stopped = [process('aroon'), process('prices', { role: 'source', state: 'stopped' })]
  equal(reasonFor(system(stopped)), 'prices is stopped')
  equal(reasonFor(system(stopped, { playback: 'ended' })), null)
})

test('a stopped process is not silent, however long ago it spoke', () => {
  equal(healthOf(process('aroon', { state: 'stopped', heardAt: 0 }), now), 'stopped')
  equal(describeHealth(process('aroon', { heardAt: now - 12_000 }), now).replace('\u00a0', ' '), 'silent for 12 s')
})

test('a source that has played all it has is at its end, though another still plays', () => {
  const prices = process('prices', { role: 'source', state: 'stopped', progress: 1 })
  const flights = process('flights', { role: 'source', progress: 0.4 })
  const status = system([process('aroon'), prices, flights])
  equal(playbackOf(status, 'prices'), 'ended')
  equal(playbackOf(status, 'flights'), 'replay')
  equal(reasonFor(status), null)
})

test('a source that stopped before its end has not ended', () => {
  const prices = process('prices', { role: 'source', state: 'stopped', progress: 0.4 })
  equal(playbackOf(system([prices]), 'prices'), 'replay')
})
