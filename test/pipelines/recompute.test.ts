import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { chooseAnalysis } from '../../src/analyses/all.ts'
import { createMemoryBroker } from '../../src/broker/memory/memory-broker.ts'
import { publishSource } from '../../src/pipelines/publish-source.ts'
import { readResults } from '../../src/pipelines/read-results.ts'
import { recompute } from '../../src/pipelines/recompute.ts'
import { writeResults } from '../../src/pipelines/results-table.ts'
import { runAnalysis } from '../../src/pipelines/run-analysis.ts'
import { createFlightsCsv } from '../../src/sources/flights-csv.ts'
import { createPricesCsv } from '../../src/sources/prices-csv.ts'
import type { Source } from '../../src/sources/source.ts'
import { flights } from '../../src/topics/flights.ts'
import { prices } from '../../src/topics/prices.ts'
import { quarantine } from '../../src/topics/quarantine.ts'
import { resultTopic } from '../../src/topics/results.ts'
import type { Stream } from '../../src/topics/topic.ts'
import { historyFiles } from '../analyses/histories.ts'
import { threeDays } from '../sources/demonstration-data.ts'
import { JumpingClock } from '../sources/jumping-clock.ts'
import { writeFile } from '../sources/written-files.ts'
import { barFrames, barSource } from './bar-source.ts'

const running = new AbortController().signal

/** The tables of an analysis that reads what is published, as they stand on its topic. */
async function liveTables(name: string, source: Source, stream: Stream, settings = {}): Promise<string[]> {
  const analysis = chooseAnalysis(name, settings)
  const broker = createMemoryBroker()
  await broker.admin.ensureTopics([stream, quarantine, resultTopic(analysis.group)])
  const clock = new JumpingClock()
  await publishSource({ broker, source, stream, clock, pace: { kind: 'max' }, resume: false, signal: running })
  await runAnalysis({ broker, analysis, untilEnd: true, signal: running })
  const results = await readResults(broker, analysis, running)
  return [writeResults(analysis, results, 'csv'), writeResults(analysis, results, 'json')]
}

async function recomputedTables(name: string, source: Source, settings = {}): Promise<string[]> {
  const analysis = chooseAnalysis(name, settings)
  const { results } = await recompute(analysis, source, running)
  return [writeResults(analysis, results, 'csv'), writeResults(analysis, results, 'json')]
}

describe('recomputing from files', () => {
  it('gives the bytes of the live results: prices', async () => {
    const source = await createPricesCsv(historyFiles)
    for (const name of ['bollinger', 'aroon']) {
      for (const settings of [{}, { period: '3' }]) {
        const live = await liveTables(name, source, prices, settings)
        assert.deepEqual(live, await recomputedTables(name, source, settings))
        assert.ok((live[0]?.split('\n').length ?? 0) > 10_000)
      }
    }
  })

  it('gives the bytes of the live results: flights', async () => {
    const source = await createFlightsCsv([threeDays])
    const live = await liveTables('flights-per-day', source, flights)
    assert.deepEqual(live, await recomputedTables('flights-per-day', source))
    assert.equal(live[0]?.split('\n').length, 1 + 3 * 14 + 1)
  })

  it('gives the bytes of the live results for hostile names, late rows and extreme numbers', async (t) => {
    const names = ['__proto__', 'a,"b"', 'line\nbreak', 'constructor', 'é']
    const days = ['2015-01-05', '2015-01-06', '2015-01-02', '2015-01-06', '2015-01-07']
    const closes = ['1e-300', '-0', '1e300', '-1e149', '0.1']
    const rows = days.flatMap((day, index) =>
      names.map((name) => `${day},1,${closes[index]},1,${closes[index]},"${name.replaceAll('"', '""')}"`),
    )
    const path = writeFile(t, 'hostile.csv', ['Date,Open,High,Low,Close,Label', ...rows].join('\n'))
    const source = await createPricesCsv([path])
    for (const name of ['bollinger', 'aroon']) {
      const live = await liveTables(name, source, prices, { period: '2' })
      assert.deepEqual(live, await recomputedTables(name, source, { period: '2' }))
      for (const label of names) assert.ok(live[0]?.includes(label.replaceAll('"', '""')))
    }
  })

  it('counts rows and what was refused by the schema or the analysis', async () => {
    const frames = barFrames(['A', 'B', '!', 'A'], 3)
    const source = barSource([...frames, ...frames])
    const { rows, refused, results } = await recompute(chooseAnalysis('aroon', { period: '1' }), source, running)
    // The second time the bar at the end of A stands in for itself; the other of A is older. B's is its newest.
    assert.deepEqual([rows, refused, results.length], [6, 2 + 1, 1])
  })
})
