import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type ChosenAnalysis, chooseAnalysis } from '../../src/analyses/all.ts'
import { planAnalysis } from '../../src/analyses/plan.ts'
import type { Result } from '../../src/analyses/analysis.ts'
import type { Broker, OutgoingRecord } from '../../src/broker/broker.ts'
import { createKafkaBroker } from '../../src/broker/kafka/kafka-broker.ts'
import { createFrame } from '../../src/model/frame.ts'
import { decodeMessage, encodeRow } from '../../src/model/message.ts'
import { keyOf } from '../../src/pipelines/result-writer.ts'
import { Folding } from '../../src/pipelines/folding.ts'
import { readResults } from '../../src/pipelines/read-results.ts'
import { recompute } from '../../src/pipelines/recompute.ts'
import { writeResults } from '../../src/pipelines/results-table.ts'
import { runPlan } from '../../src/pipelines/run-plan.ts'
import { createFlightsCsv } from '../../src/sources/flights-csv.ts'
import type { Source } from '../../src/sources/source.ts'
import { quarantine } from '../../src/topics/quarantine.ts'
import { closesOfDay, departures } from '../analyses/regrouped-analyses.ts'
import { readCommitted, sendTo } from '../pipelines/topic-records.ts'
import { startTestKafka, type TestKafka, withoutKafka } from '../support/local-kafka.ts'
import { createRandom, type Random } from '../support/random.ts'
import { flightsFile, flightsRows, printsOf, runCommand, startCommand } from '../support/run-windsock.ts'
import { until } from '../support/until.ts'

const running = new AbortController().signal

describe('regrouping on a real Kafka', { skip: withoutKafka }, () => {
  let kafka: TestKafka
  let broker: Broker
  let random: Random
  let flights: Source

  before(async () => {
    kafka = await startTestKafka()
    broker = createKafkaBroker({ brokers: kafka.brokers })
    random = createRandom()
    flights = await createFlightsCsv([flightsFile])
  })
  after(async () => {
    await broker.close()
    await kafka.stop()
  })

  /** Every row of the file, in a partition that has nothing to do with any of its columns. */
  const sendFlights = async (): Promise<void> => {
    for await (const frame of flights.observe(running)) {
      const records: OutgoingRecord[] = []
      for (let row = 0; row < frame.length; row++) {
        records.push({ key: 'any', value: encodeRow(frame, row, 0), partition: random.below(4) })
      }
      await sendTo(broker, 'mixed', ...records)
    }
  }
  const tableOf = async (analysis: ChosenAnalysis): Promise<string> =>
    writeResults(analysis, await readResults(broker, analysis, running), 'csv')
  const recomputed = async (analysis: ChosenAnalysis): Promise<string> =>
    writeResults(analysis, (await recompute(analysis, flights, running)).results, 'csv')

  it('gives counts of a topic that has no key, by the command line, though one of two processes is killed', async (t) => {
    t.diagnostic(`WINDSOCK_SEED=${random.seed}`)
    const perDay = chooseAnalysis('flights-per-day', {}, 'mixed')
    await broker.admin.ensureTopics([perDay.input])
    await sendFlights()
    const analyse = ['analyse', 'flights-per-day', '--topic', 'mixed', '--regroup', 'partials', '--home', kafka.home]
    const victim = startCommand(analyse)
    // The second member of a home has an id of its own.
    const other = runCommand([...analyse, '--until-end'])
    const isPartial = async (): Promise<boolean> => {
      const { partitions } = await broker.admin.describeTopic(`${perDay.group}-partials`)
      return partitions.some(({ end }) => end > 0)
    }
    await until('partial results', () => isPartial().catch(() => false)) // the topic is made by them
    await delay(random.below(1_000))
    victim.signal('SIGKILL')
    const { code, stderr } = await other
    assert.equal(code, 0, stderr)
    assert.match(stderr, /^flights-per-day-of-mixed: partial results of each partition are merged, by way of topic /m)
    await victim.ended
    assert.equal(await tableOf(perDay), await recomputed(perDay))

    const between = await readCommitted(broker, `${perDay.group}-partials`)
    assert.equal(new Set(between.map(({ partition }) => partition)).size, 4)
    const list = await printsOf(['state', 'list', '--home', kafka.home])
    assert.match(list, /^flights-per-day-of-mixed: 42 keys of flights-per-day-of-mixed-partials, /m)
    assert.match(list, /^flights-per-day-of-mixed-partials: \d+ keys of mixed, /m)
    await printsOf(['state', 'drop', 'flights-per-day', '--topic', 'mixed', '--home', kafka.home])
    const left = (await broker.admin.listTopics()).filter((name) => name.startsWith(perDay.group))
    assert.deepEqual(left, [perDay.group])
  })

  it('gives counts, sums and extremes by another key, shared by two processes', async () => {
    const analysis = { ...departures, input: { ...departures.input, name: 'mixed' } }
    await broker.admin.ensureTopics([quarantine])
    const plan = planAnalysis(analysis)
    const work = [0, 1].map(() => runPlan({ broker, plan, untilEnd: true, signal: running }))
    const records = (await Promise.all(work)).reduce((sum, each) => sum + each.records, 0)
    assert.equal(records, flightsRows)
    assert.equal(await tableOf(analysis), await recomputed(analysis))
  })

  it('sends rows to the partition of their key, every one once, and folds them in that order', async () => {
    const days = Array.from({ length: 40 }, (_, day) => `2015-02-${String((day % 28) + 1).padStart(2, '0')}`)
    const bars = Array.from({ length: 8_000 }, (_, index): OutgoingRecord => {
      const bar = { Date: days[random.below(40)], Open: 1, High: 1, Low: 1, Close: random.next(), Label: `S${index}` }
      return { key: 'any', value: JSON.stringify(bar), partition: random.below(4) }
    })
    await broker.admin.ensureTopics([closesOfDay.input])
    await sendTo(broker, 'prices', ...bars)
    const plan = planAnalysis(closesOfDay)
    await Promise.all([0, 1].map(() => runPlan({ broker, plan, untilEnd: true, signal: running })))
    const rows = await readCommitted(broker, 'closes-of-day-repartition')
    const labels = rows.map(({ value }) => String(JSON.parse(value ?? '').Label))
    assert.deepEqual([labels.length, new Set(labels).size], [bars.length, bars.length])
    const expected = [0, 1, 2, 3].flatMap((partition) =>
      folded(rows.filter((each) => each.partition === partition).map(({ value }) => String(value))),
    )
    assert.equal(await tableOf(closesOfDay), writeResults(closesOfDay, expected, 'csv'))
    assert.equal(expected.length, bars.length)
  })
})

/** What the analysis makes of the rows of one partition between its stages. */
function folded(values: readonly string[]): Result[] {
  const frame = createFrame(closesOfDay.input.schema, 'between', 1, ['date', 'symbol', 'close', 'volume'])
  for (const value of values) decodeMessage(frame, value, 0)
  const folding = new Folding(closesOfDay)
  folding.take(frame)
  const newest = new Map(folding.takeUpserts().map(({ result }) => [keyOf(closesOfDay.emits.key, result), result]))
  return [...newest.values()]
}
