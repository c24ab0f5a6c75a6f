import { deepEqual, equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import {
  connectLive,
  parseLiveUpdate,
  type Connection,
  type LiveConnection,
} from '../../../src/dashboard/browser/live.ts'
import { createFakeTimers, type FakeTimers } from './fake-timers.ts'

const goodUpdate = JSON.stringify({ at: 1, full: true, tables: {}, system: {} })

interface FakeSource {
  readonly update: (text?: string) => void
  readonly fail: () => void
  isClosed: boolean
}

interface Stage {
  readonly timers: FakeTimers
  readonly sources: FakeSource[]
  readonly connections: Connection[]
  readonly live: LiveConnection
  updates: number
}

function createStage(): Stage {
  const timers = createFakeTimers()
  const sources: FakeSource[] = []
  const connections: Connection[] = []
  const counts = { updates: 0 }
  const live = connectLive({
    now: timers.now,
    after: timers.after,
    onConnection: (connection) => connections.push(connection),
    onUpdate: () => {
      counts.updates += 1
    },
    open() {
      let take: ((text: string) => void) | undefined
      let fail: (() => void) | undefined
      const source: FakeSource = { update: (text = goodUpdate) => take?.(text), fail: () => fail?.(), isClosed: false }
      sources.push(source)
      return {
        onUpdate: (next) => {
          take = next
        },
        onError: (next) => {
          fail = next
        },
        close: () => {
          source.isClosed = true
        },
      }
    },
  })
  return {
    timers,
    sources,
    connections,
    live,
    get updates() {
      return counts.updates
    },
    set updates(count) {
      counts.updates = count
    },
  }
}

/** How long each try waited for, until so many sources were opened. */
function waitsUntil(stage: Stage, tries: number): number[] {
  const waits: number[] = []
  while (waits.length < tries) {
    const opened = stage.sources.length
    stage.sources.at(-1)?.fail()
    const from = stage.timers.now()
    while (stage.sources.length === opened) stage.timers.advance(100)
    waits.push(stage.timers.now() - from)
  }
  return waits
}

test('is connected with the first update, not with the open socket', () => {
  const stage = createStage()
  deepEqual(stage.connections, [])
  stage.sources[0]?.update()
  deepEqual(stage.connections, [{ kind: 'connected' }])
  equal(stage.updates, 1)
})

test('waits from half a second, doubled up to five', () => {
  deepEqual(waitsUntil(createStage(), 6), [500, 1_000, 2_000, 4_000, 5_000, 5_000])
})

test('says since when it is lost and when it tries again, and keeps the beginning over failed tries', () => {
  const stage = createStage()
  stage.sources[0]?.update()
  const lostAt = stage.timers.now()
  stage.timers.advance(200)
  stage.sources[0]?.fail()
  deepEqual(stage.connections.at(-1), { kind: 'lost', since: lostAt, nextTryAt: lostAt + 700 })
  stage.timers.advance(500)
  deepEqual(stage.connections.at(-1), { kind: 'lost', since: lostAt, nextTryAt: null })
  stage.sources[1]?.fail()
  deepEqual(stage.connections.at(-1), { kind: 'lost', since: lostAt, nextTryAt: lostAt + 1_700 })
})

test('begins with the shortest wait again after an update came through', () => {
  const stage = createStage()
  waitsUntil(stage, 4)
  stage.sources.at(-1)?.update()
  deepEqual(waitsUntil(stage, 2), [500, 1_000])
})

test('takes five seconds of silence for a lost connection', () => {
  const stage = createStage()
  stage.sources[0]?.update()
  stage.timers.advance(4_900)
  stage.sources[0]?.update()
  stage.timers.advance(4_900)
  equal(stage.connections.at(-1)?.kind, 'connected')
  stage.timers.advance(200)
  equal(stage.connections.at(-1)?.kind, 'lost')
  equal(stage.sources[0]?.isClosed, true)
})

test('takes a try that brings nothing in five seconds for a failed one', () => {
  const stage = createStage()
  stage.timers.advance(5_000)
  equal(stage.connections.at(-1)?.kind, 'lost')
})

test('tries at once when asked, and does not try twice', () => {
  const stage = createStage()
  stage.sources[0]?.fail()
  stage.live.tryNow()
  equal(stage.sources.length, 2)
  stage.sources[1]?.update()
  stage.timers.advance(3_000)
  equal(stage.sources.length, 2)
  stage.live.tryNow()
  equal(stage.sources.length, 2)
})

test('does not hear a source that it has closed', () => {
  const stage = createStage()
  stage.sources[0]?.fail()
  stage.live.tryNow()
  stage.sources[0]?.update()
  stage.sources[0]?.fail()
  equal(stage.updates, 0)
  equal(stage.sources.length, 2)
})

test('begins anew with a full picture after an update that cannot be read', () => {
  const stage = createStage()
  stage.sources[0]?.update()
  stage.sources[0]?.update('{"at":')
  equal(stage.connections.at(-1)?.kind, 'lost')
  equal(stage.updates, 1)
})

test('opens nothing any more once it is closed', () => {
  const stage = createStage()
  stage.sources[0]?.fail()
  stage.live.close()
  stage.timers.advance(60_000)
  equal(stage.sources.length, 1)
})

test('an update needs a time, tables and the system', () => {
  throws(() => parseLiveUpdate('{}'), TypeError)
  throws(() => parseLiveUpdate('null'), TypeError)
  throws(() => parseLiveUpdate('{"at":1,"full":false,"tables":null,"system":{}}'), TypeError)
  equal(parseLiveUpdate(goodUpdate).at, 1)
})
