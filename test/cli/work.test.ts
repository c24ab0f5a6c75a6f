import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { chooseAnalysis } from '../../src/analyses/all.ts'
import type { Broker } from '../../src/broker/broker.ts'
import { createMemoryBroker } from '../../src/broker/memory/memory-broker.ts'
import { chooseSource } from '../../src/cli/sources.ts'
import { doAnalyse, doPublish } from '../../src/cli/work.ts'
import { objectOf } from '../../src/pipelines/follow-topic.ts'
import { readResults } from '../../src/pipelines/read-results.ts'
import { prices } from '../../src/topics/prices.ts'
import { barRecord, sendTo } from '../pipelines/topic-records.ts'
import { flightsFile, flightsRows } from '../support/run-windsock.ts'

const { signal } = new AbortController()

async function publish(broker: Broker) {
  const chosen = await chooseSource('flights', [flightsFile], undefined)
  return doPublish(broker, { ...chosen, pace: { kind: 'max' }, history: 0, resume: false, playback: 'replay' }, signal)
}

/** What a process said last of itself. */
async function lastReport(broker: Broker, name: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { partitions } = await broker.admin.describeTopic('windsock-status')
  const until = new Map(partitions.map(({ partition, end }) => [partition, end]))
  const reader = broker.openReader({ topic: 'windsock-status', start: 'earliest', until, signal })
  let last: Readonly<Record<string, unknown>> | undefined
  for await (const { records } of reader) {
    for (const record of records) if (objectOf(record)?.['name'] === name) last = objectOf(record)
  }
  return last
}

describe('the work of a process', () => {
  it('makes the topics it needs, and tells the status topic how it ended', async () => {
    const broker = createMemoryBroker()
    const totals = await publish(broker)
    assert.equal(totals.acknowledged, flightsRows)
    const source = await lastReport(broker, 'flights')
    assert.deepEqual(
      [source?.['role'], source?.['state'], source?.['records'], source?.['progress'], source?.['playback']],
      ['source', 'stopped', flightsRows, 1, 'replay'],
    )

    const analysis = chooseAnalysis('flights-per-day')
    const progress = await doAnalyse(broker, { analysis, untilEnd: true }, signal)
    assert.equal(progress.records, flightsRows)
    const report = await lastReport(broker, 'flights-per-day')
    assert.deepEqual(
      [report?.['role'], report?.['state'], report?.['records'], report?.['lagRecords']],
      ['analysis', 'stopped', flightsRows, 0],
    )
    const results = await readResults(broker, analysis, signal)
    assert.equal(
      results.reduce((sum, { flights }) => sum + Number(flights), 0),
      flightsRows,
    )
    await broker.close()
  })

  it('tells the status topic why it failed, and throws it', async () => {
    const broker = createMemoryBroker()
    const analysis = chooseAnalysis('aroon')
    await broker.admin.ensureTopics([prices])
    await sendTo(broker, prices.name, barRecord('A', '2015-01-05', 1))
    await doAnalyse(broker, { analysis, untilEnd: true }, signal)
    await broker.admin.deleteTopics([prices.name])
    await assert.rejects(doAnalyse(broker, { analysis, untilEnd: false }, signal), { code: 'topic-mismatch' })
    const report = await lastReport(broker, 'aroon')
    assert.equal(report?.['state'], 'failed')
    assert.match(String(report?.['note']), /^the stored state of aroon stands for another log .*--fresh/)
    await broker.close()
  })
})
