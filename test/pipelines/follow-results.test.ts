import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { analysisNames, chooseAnalysis } from '../../src/analyses/all.ts'
import type { Broker } from '../../src/broker/broker.ts'
import { createMemoryBroker } from '../../src/broker/memory/memory-broker.ts'
import { WindsockError } from '../../src/foundation/errors.ts'
import { liveTables, type LiveTable, type LiveUpdate } from '../../src/model/live.ts'
import { followResults, type LiveFeed } from '../../src/pipelines/follow-results.ts'
import { ProcessBoard } from '../../src/pipelines/process-board.ts'
import { runAnalysis } from '../../src/pipelines/run-analysis.ts'
import { flights } from '../../src/topics/flights.ts'
import { prices } from '../../src/topics/prices.ts'
import { quarantine } from '../../src/topics/quarantine.ts'
import { resultTopic } from '../../src/topics/results.ts'
import { status } from '../../src/topics/status.ts'
import { dayOf } from '../analyses/histories.ts'
import { HandClock } from './hand-clock.ts'
import { intercept } from './intercepted-broker.ts'
import { barRecord, sendTo } from './topic-records.ts'

const allTopics = [prices, flights, quarantine, status, ...analysisNames.map((name) => resultTopic(name))]

interface Scene {
  readonly broker: Broker
  readonly clock: HandClock
  readonly feed: LiveFeed
  readonly board: ProcessBoard
  /** Every update a page was told. */
  readonly told: LiveUpdate[]
}

/** A feed with a page that listens; `seen` is the broker as the feed sees it. */
function follow(t: TestContext, broker: Broker, clock: HandClock, seen = broker): Scene {
  const board = new ProcessBoard(clock)
  const feed = followResults({ broker: seen, clock, version: '1.2.3', canPlayAgain: true, processes: board })
  t.after(() => feed.run.stop())
  const told: LiveUpdate[] = []
  feed.subscribe((update) => told.push(update))
  return { broker, clock, feed, board, told }
}

async function open(t: TestContext, topics = allTopics): Promise<Scene> {
  const clock = new HandClock()
  const broker = createMemoryBroker({ now: () => clock.now() })
  await broker.admin.ensureTopics(topics)
  return follow(t, broker, clock)
}

/** What a page holds that takes every update as it is meant: upserts under the key, and none left after a full one. */
function pageOf(updates: readonly LiveUpdate[]): ReadonlyMap<string, unknown> {
  const page = new Map<string, unknown>()
  for (const { full, tables } of updates) {
    if (full) page.clear()
    for (const [name, row] of rowsOf(tables)) {
      page.set(JSON.stringify([name, ...liveTables[name].key.map((column) => row[column])]), row)
    }
  }
  return page
}

function rowsOf(tables: LiveUpdate['tables']): [LiveTable, Record<string, unknown>][] {
  const names: readonly LiveTable[] = ['prices', 'bollinger', 'aroon', 'flights-per-day']
  return names.flatMap((name) => {
    const columns = tables[name]?.columns ?? {}
    const length = Object.values(columns)[0]?.length ?? 0
    return Array.from({ length }, (_, index): [LiveTable, Record<string, unknown>] => [
      name,
      Object.fromEntries(Object.entries(columns).map(([column, cells]) => [column, cells[index]])),
    ])
  })
}

const statusReport = (name: string, changed = {}): { key: string; value: string } => ({
  key: name,
  value: JSON.stringify({ name, role: 'analysis', state: 'running', at: 0, records: 5, lagRecords: 2, ...changed }),
})

describe('the feed of pages', () => {
  it('has everything that is on the topics in its picture', async (t) => {
    const { broker, clock, feed } = await open(t)
    const { signal } = new AbortController()
    await sendTo(broker, prices.name, ...Array.from({ length: 30 }, (_, i) => barRecord('A', dayOf(i), i)))
    await sendTo(
      broker,
      quarantine.name,
      { key: 'a:1', value: '{}' },
      { key: 'a:2', value: '{}' },
      { key: 'a:1', value: '{}' },
    )
    for (const name of ['bollinger', 'aroon']) {
      await runAnalysis({ broker, analysis: chooseAnalysis(name), untilEnd: true, signal })
    }
    await clock.advance(1_000)
    const { full, at, tables, system } = feed.picture()
    assert.deepEqual([full, at], [true, clock.time])
    const lengths = Object.entries(tables).map(([name, table]) => [name, table.columns['symbol']?.length ?? 0])
    assert.deepEqual(Object.fromEntries(lengths), { prices: 30, bollinger: 11, aroon: 16, 'flights-per-day': 0 })
    const firstBar = rowsOf(tables)[0]?.[1]
    assert.deepEqual(firstBar, { symbol: 'A', date: dayOf(0), open: 0, high: 0, low: 0, close: 0, volume: null })
    assert.equal(tables.prices?.newestSentAt, clock.time - 1_000)
    assert.equal(tables.bollinger?.newestSentAt, clock.time - 1_000)
    const { processes, topics, ...rest } = system
    assert.deepEqual(rest, {
      version: '1.2.3',
      broker: { kind: 'up', address: 'memory' },
      quarantined: 2,
      playback: 'replay',
      canPlayAgain: true,
    })
    assert.deepEqual(processes, [])
    assert.deepEqual(
      topics.map(({ name, records }) => [name, records]),
      [
        ['flights', 0],
        ['prices', 30],
        // One more than the results: the end of their transaction takes an offset as well.
        ['bollinger', 12],
        ['aroon', 17],
        ['flights-per-day', 0],
        ['quarantine', 3],
      ],
    )
  })

  it('tells changes in updates from which a page has what the picture has', async (t) => {
    const { broker, clock, feed, told } = await open(t)
    for (let i = 0; i < 60; i++) {
      await sendTo(broker, prices.name, barRecord('ABC'.charAt(i % 3), dayOf(i % 20), i))
      if (i === 30) {
        await broker.admin.deleteTopics([prices.name])
        await broker.admin.ensureTopics([prices])
      }
      await clock.advance(70)
    }
    await clock.advance(1_000)
    assert.deepEqual(pageOf(told), pageOf([feed.picture()]))
    assert.ok(pageOf(told).size > 20)
    assert.equal(told.filter(({ full }) => full).length, 1)
  })

  it('tells changes at most ten times a second', async (t) => {
    const { broker, clock, told } = await open(t)
    for (let i = 0; i < 500; i++) {
      await sendTo(broker, prices.name, barRecord('A', dayOf(i), i))
      await clock.advance(10)
    }
    assert.ok(told.length >= 45 && told.length <= 51, String(told.length))
    for (const [index, { at }] of told.entries()) assert.ok(at - (told[index - 1]?.at ?? 0) >= 100)
  })

  it('tells once a second that it lives, where nothing changes', async (t) => {
    const { clock, told } = await open(t)
    await clock.advance(10_000)
    assert.ok(told.length >= 9 && told.length <= 11, String(told.length))
    assert.ok(told.every(({ full, tables }) => !full && Object.keys(tables).length === 0))
  })

  it('waits for topics that are not there, without sending whole pictures meanwhile', async (t) => {
    const { broker, clock, feed, told } = await open(t, [])
    await clock.advance(10_000)
    assert.ok(told.length >= 9 && told.length <= 11 && told.every(({ full }) => !full))
    await broker.admin.ensureTopics(allTopics)
    await sendTo(broker, prices.name, barRecord('A', dayOf(0), 1))
    await sendTo(broker, status.name, statusReport('aroon'))
    await clock.advance(1_000)
    assert.equal(pageOf(told).size, 1)
    assert.equal(feed.picture().system.processes.length, 1)
  })

  it('tells a whole picture without the former rows when a topic was made anew', async (t) => {
    const { broker, clock, told } = await open(t)
    await sendTo(broker, prices.name, barRecord('A', dayOf(0), 1), barRecord('A', dayOf(1), 1))
    await sendTo(broker, quarantine.name, { key: 'a:1', value: '{}' })
    await clock.advance(1_000)
    assert.equal(pageOf(told).size, 2)
    await broker.admin.deleteTopics([prices.name, quarantine.name])
    await broker.admin.ensureTopics([prices, quarantine])
    await sendTo(broker, prices.name, barRecord('B', dayOf(0), 1))
    await clock.advance(1_000)
    assert.deepEqual([...pageOf(told).keys()], [`["prices","B","${dayOf(0)}"]`])
    assert.equal(told.at(-1)?.system.quarantined, 0)
  })

  it('pays no heed to records that are no bars, no results and no reports', async (t) => {
    const { broker, clock, feed, told } = await open(t)
    for (const { name } of allTopics) {
      for (const value of [null, '', '{', '7', '[]', '"x"']) await sendTo(broker, name, { key: 'k', value })
    }
    await sendTo(broker, prices.name, { key: 'A', value: '{"Date":"2015-01-05","Close":1e999}' })
    await clock.advance(2_000)
    assert.equal(pageOf(told).size, 0)
    assert.deepEqual(feed.picture().system.processes, [])
    assert.equal(feed.run.state, 'running')
  })

  it('shows what processes say of themselves from now on, and what was noted of them', async (t) => {
    const { broker, clock, feed, board } = await open(t)
    await clock.advance(100)
    await sendTo(broker, status.name, statusReport('aroon', { newestSentAt: 7 }))
    board.note('prices', 'source', 'failed', 'is gone')
    await clock.advance(100)
    const { processes } = feed.picture().system
    assert.deepEqual(
      processes.map(({ name, state, lagRecords, note }) => [name, state, lagRecords, note]),
      [
        ['aroon', 'running', 2, null],
        ['prices', 'failed', null, 'is gone'],
      ],
    )
  })

  it('says since when and why the broker is down, and that it is back', async (t) => {
    const clock = new HandClock()
    const broker = createMemoryBroker({ now: () => clock.now() })
    await broker.admin.ensureTopics(allTopics)
    let failure: WindsockError | undefined
    const describeTopic: Broker['admin']['describeTopic'] = (name) =>
      failure === undefined ? broker.admin.describeTopic(name) : Promise.reject(failure)
    const admin = new Proxy(broker.admin, {
      get: (target, name) => (name === 'describeTopic' ? describeTopic : Reflect.get(target, name).bind(target)),
    })
    const { feed, told } = follow(t, broker, clock, { ...broker, admin })
    await clock.advance(1_500)
    assert.equal(told.at(-1)?.system.broker.kind, 'up')
    failure = new WindsockError('broker-unreachable', 'connect ECONNREFUSED')
    await clock.advance(3_000)
    const since = clock.time - 2_500
    const down = { kind: 'down', since, reason: 'no answer from memory' }
    assert.deepEqual(told.at(-1)?.system.broker, down)
    await clock.advance(60_000)
    assert.deepEqual(told.at(-1)?.system.broker, down)
    failure = undefined
    await clock.advance(2_000)
    assert.deepEqual(told.at(-1)?.system.broker, { kind: 'up', address: 'memory' })
    assert.equal(feed.run.state, 'running')
  })

  it('tells nothing more to a page that has left', async (t) => {
    const { clock, feed } = await open(t)
    let updates = 0
    const leave = feed.subscribe(() => updates++)
    await clock.advance(1_000)
    assert.ok(updates > 0)
    leave()
    const before = updates
    await clock.advance(5_000)
    assert.equal(updates, before)
  })

  it('stops when it is told to, and fails with what no waiting mends', async (t) => {
    const { feed, clock } = await open(t)
    await clock.advance(100)
    await feed.run.stop()
    assert.equal(feed.run.state, 'stopped')
    const denied = new WindsockError('not-authorized', 'no')
    const closed = intercept(createMemoryBroker(), {
      onRead() {
        throw denied
      },
    })
    const other = followResults({ broker: closed, clock, version: '1', canPlayAgain: false })
    await assert.rejects(other.run.done, denied)
    assert.equal(other.run.state, 'failed')
  })
})
