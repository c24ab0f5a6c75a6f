import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { chooseAnalysis } from '../../src/analyses/all.ts'
import { createMemoryBroker } from '../../src/broker/memory/memory-broker.ts'
import { readResults } from '../../src/pipelines/read-results.ts'
import { resultTopic } from '../../src/topics/results.ts'
import { sendTo } from './topic-records.ts'

const running = new AbortController().signal
const analysis = chooseAnalysis('flights-per-day')
const topic = resultTopic(analysis.group)

function value(airline: string, flights: number): string {
  const from = { topic: 'flights', partition: 0, offset: 7 }
  return JSON.stringify({ airline, day: '2015-01-01', flights, sentAt: 1, from })
}

describe('reading results', () => {
  it('gives the newest of every key, with the columns of the analysis and no others', async () => {
    const broker = createMemoryBroker()
    await broker.admin.ensureTopics([topic])
    await sendTo(
      broker,
      topic.name,
      { key: 'a', value: value('AA', 1) },
      { key: 'b', value: value('__proto__', 1) },
      { key: 'c', value: value('UA', 1) },
      { key: 'a', value: value('AA', 2) },
      { key: 'c', value: null },
    )
    assert.deepEqual(await readResults(broker, analysis, running), [
      { airline: 'AA', day: '2015-01-01', flights: 2 },
      { airline: '__proto__', day: '2015-01-01', flights: 1 },
    ])
  })

  it('gives none where there are none yet', async () => {
    const broker = createMemoryBroker()
    await broker.admin.ensureTopics([topic])
    assert.deepEqual(await readResults(broker, analysis, running), [])
  })

  it('says topic-missing when the analysis has never run', async () => {
    await assert.rejects(readResults(createMemoryBroker(), analysis, running), { code: 'topic-missing' })
  })
})
