import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { chooseAnalysis } from '../../src/analyses/all.ts'
import { planAnalysis } from '../../src/analyses/plan.ts'
import { readResults } from '../../src/pipelines/read-results.ts'
import type { AnalysisProgress } from '../../src/pipelines/run-analysis.ts'
import { dropStored } from '../../src/pipelines/stored-state.ts'
import { departures, withPartitions } from '../analyses/regrouped-analyses.ts'
import { intercept } from './intercepted-broker.ts'
import { bar, brokerWith, flight, run, running, sentAt, time } from './plan-runs.ts'
import { readNewest, readTopic, sendTo } from './topic-records.ts'

describe('a plan at work', () => {
  it('is the analysis itself where that is enough', async () => {
    const aroon = chooseAnalysis('aroon', { period: '1' })
    const broker = await brokerWith(aroon, [bar(0, '2015-01-05', 'A', 1, null), bar(0, '2015-01-06', 'A', 1, null)])
    assert.equal((await run(broker, planAnalysis(aroon))).records, 2)
    assert.equal((await readResults(broker, aroon, running)).length, 1)
    assert.deepEqual((await broker.admin.listTopics()).toSorted(), [
      'aroon-period-1',
      'aroon-period-1-state',
      'prices',
      'quarantine',
    ])
  })

  it('goes on until the signal aborts, and tells the records of its input and what is left of both stages', async () => {
    const analysis = withPartitions(departures, 2)
    const broker = await brokerWith(analysis, [flight(0, 'A', 1), flight(1, 'B', 1)])
    const abort = new AbortController()
    let told: AnalysisProgress | undefined
    const onProgress = (progress: AnalysisProgress): void => void (told = progress)
    const working = run(broker, planAnalysis(analysis), { untilEnd: false, signal: abort.signal, onProgress })
    await time.pass(1_000)
    assert.equal(Object((await readNewest(broker, 'departures')).get('["A"]')).flights, 1)
    await sendTo(broker, 'flights', flight(1, 'A', 5))
    await time.pass(1_000)
    assert.equal(Object((await readNewest(broker, 'departures')).get('["A"]')).flights, 2)
    assert.deepEqual(told, { records: 3, refused: 0, lagRecords: 0, newestSentAt: sentAt, partitions: [0, 1] })
    abort.abort()
    assert.equal((await working).records, 3)
  })

  it('reads nothing of what its first stage takes back', async () => {
    const analysis = withPartitions(departures, 2)
    const broker = await brokerWith(analysis, [flight(0, 'A', 1), flight(0, 'A', 1)])
    const held = Promise.withResolvers<void>()
    const slow = intercept(broker, {
      batchRecordsMax: () => 1,
      onTransaction: async (call, act, id) => {
        if (call === 'commit' && id.startsWith('windsock-departures-partials')) await held.promise
        await act()
      },
    })
    const abort = new AbortController()
    const working = run(slow, planAnalysis(analysis), { untilEnd: false, signal: abort.signal })
    await time.pass(1_000)
    assert.ok((await readTopic(broker, 'departures-partials')).length > 0)
    assert.deepEqual(await readTopic(broker, 'departures'), [])
    held.resolve()
    await time.pass(1_000)
    assert.equal((await readResults(broker, analysis, running)).length, 1)
    abort.abort()
    await working
  })

  it('ends with all of its stages when one fails', async () => {
    const broker = await brokerWith(departures, [flight(0, 'A', 1)])
    await sendTo(broker, 'flights', flight(0, 'A', 1))
    const plan = planAnalysis(departures)
    await run(broker, plan)
    await broker.admin.deleteTopics(['departures-partials'])
    for (const untilEnd of [false, true])
      await assert.rejects(run(broker, plan, { untilEnd }), { code: 'topic-mismatch' })
  })

  it('says that the broker is away while it is so for one of its stages', async () => {
    const broker = await brokerWith(departures, [])
    const tell = new Map<string, (reason: string | undefined) => void>()
    const watched = intercept(broker, {
      onRead: (options) => {
        if (options.onTrouble !== undefined) tell.set(options.topic, options.onTrouble)
        return options
      },
    })
    const troubles: (string | undefined)[] = []
    const abort = new AbortController()
    const onTrouble = (reason: string | undefined): void => void troubles.push(reason)
    const working = run(watched, planAnalysis(departures), { untilEnd: false, signal: abort.signal, onTrouble })
    await time.pass(100)
    tell.get('flights')?.('gone')
    tell.get('departures-partials')?.('gone too')
    tell.get('flights')?.(undefined)
    tell.get('departures-partials')?.(undefined)
    assert.deepEqual(troubles, ['gone', 'gone', 'gone too', undefined])
    abort.abort()
    await working
  })

  it('begins anew with everything it stored dropped, whichever way it was regrouped', async () => {
    for (const asked of ['partials', 'repartition'] as const) {
      const broker = await brokerWith(departures, [flight(0, 'A', 1), flight(1, 'A', 1)])
      const plan = planAnalysis(departures, asked)
      await run(broker, plan)
      const other = planAnalysis(departures, asked === 'partials' ? 'repartition' : 'partials')
      await assert.rejects(run(broker, other), { code: 'topic-mismatch', hint: /--fresh/ })
      await dropStored(broker, 'departures')
      assert.deepEqual((await broker.admin.listTopics()).toSorted(), ['departures', 'flights', 'quarantine'])
      await run(broker, other)
      assert.equal(Object((await readNewest(broker, 'departures')).get('["A"]')).flights, 2)
    }
  })

  it('is not dropped while it is at work', async () => {
    const broker = await brokerWith(departures, [flight(0, 'A', 1)])
    const abort = new AbortController()
    const working = run(broker, planAnalysis(departures), { untilEnd: false, signal: abort.signal })
    await time.pass(100)
    const before = await broker.admin.listTopics()
    await assert.rejects(dropStored(broker, 'departures'), { code: 'group-active' })
    assert.deepEqual(await broker.admin.listTopics(), before)
    abort.abort()
    await working
  })
})
