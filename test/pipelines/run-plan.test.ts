import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { type ChosenAnalysis, chooseAnalysis } from '../../src/analyses/all.ts'
import type { Result } from '../../src/analyses/analysis.ts'
import { type Plan, planAnalysis } from '../../src/analyses/plan.ts'
import type { Broker, OutgoingRecord } from '../../src/broker/broker.ts'
import { createMemoryBroker } from '../../src/broker/memory/memory-broker.ts'
import { createFrame } from '../../src/model/frame.ts'
import { decodeMessage } from '../../src/model/message.ts'
import { keyOf } from '../../src/pipelines/result-writer.ts'
import { Folding } from '../../src/pipelines/folding.ts'
import { readResults } from '../../src/pipelines/read-results.ts'
import { writeResults } from '../../src/pipelines/results-table.ts'
import type { AnalysisProgress } from '../../src/pipelines/run-analysis.ts'
import { type PlanOptions, runPlan } from '../../src/pipelines/run-plan.ts'
import { dropStored } from '../../src/pipelines/stored-state.ts'
import { quarantine } from '../../src/topics/quarantine.ts'
import { allFlights, closesOfDay, departures, withPartitions } from '../analyses/regrouped-analyses.ts'
import { hurryTime } from './hurried-time.ts'
import { intercept } from './intercepted-broker.ts'
import { MortalProcess } from './mortal-process.ts'
import { readCommitted, readNewest, readTopic, sendTo } from './topic-records.ts'

const time = hurryTime()
const running = new AbortController().signal
const sentAt = Date.UTC(2015, 0, 5)

async function brokerWith(analysis: ChosenAnalysis, records: readonly OutgoingRecord[]): Promise<Broker> {
  const broker = createMemoryBroker({ now: () => sentAt })
  await broker.admin.ensureTopics([analysis.input, quarantine])
  if (records.length > 0) await sendTo(broker, analysis.input.name, ...records)
  return broker
}

function start(broker: Broker, plan: Plan, options: Partial<PlanOptions> = {}): Promise<AnalysisProgress> {
  return runPlan({ broker, plan, untilEnd: true, signal: running, ...options })
}

function run(broker: Broker, plan: Plan, options: Partial<PlanOptions> = {}): Promise<AnalysisProgress> {
  return time.during(start(broker, plan, options))
}

/** What an analysis makes of values, with no broker. */
function computed(analysis: ChosenAnalysis, values: Iterable<unknown>): Result[] {
  const frame = createFrame(analysis.input.schema, analysis.input.name)
  for (const value of values) decodeMessage(frame, String(value), 0)
  const folding = new Folding(analysis)
  folding.take(frame)
  const newest = new Map(folding.takeUpserts().map(({ result }) => [keyOf(analysis.emits.key, result), result]))
  return [...newest.values()]
}

async function tableOn(broker: Broker, analysis: ChosenAnalysis): Promise<string> {
  return writeResults(analysis, await readResults(broker, analysis, running), 'json')
}

const flight = (partition: number, origin: string | null, delay: number | null): OutgoingRecord => {
  const fixed = { YEAR: 2015, MONTH: 1, DAY: 1, AIRLINE: 'AA', ORIGIN_AIRPORT: origin, DEPARTURE_DELAY: delay }
  // JSON.stringify loses the sign of a zero.
  const value = JSON.stringify(fixed).replace(/null}$/, Object.is(delay, -0) ? '-0}' : 'null}')
  return { key: 'AA', value: Object.is(delay, -0) ? value.replace(/:0}$/, ':-0}') : value, partition }
}

/** A flight, with the partition that its producer chose for reasons of its own, of the first few. */
function flightIn(partitions: number, delay: fc.Arbitrary<number>): fc.Arbitrary<OutgoingRecord> {
  const origin = fc.option(fc.constantFrom('JFK', '__proto__', '\ud800', '13'))
  return fc.tuple(fc.nat({ max: partitions - 1 }), origin, fc.option(delay)).map((each) => flight(...each))
}

const bar = (partition: number, date: string, symbol: string, close: number, volume: number | null): OutgoingRecord => {
  const fixed = { Date: date, Open: 1, High: 1, Low: 1, Volume: volume, Label: symbol }
  const text = Object.is(close, -0) ? '-0' : String(close)
  return { key: symbol, value: `${JSON.stringify(fixed).slice(0, -1)},"Close":${text}}`, partition }
}

interface Process {
  readonly killAtStep: number
  readonly batchRecordsMax: number
}

const process: fc.Arbitrary<Process> = fc.record({
  killAtStep: fc.integer({ min: 1, max: 60 }),
  batchRecordsMax: fc.integer({ min: 1, max: 5 }),
})

/** Several processes at once, each killed where it is told; those that get that far end in order. */
async function live(broker: Broker, plan: Plan, lives: readonly Process[]): Promise<number> {
  let killed = 0
  const work = lives.map(async (life) => {
    const mortal = new MortalProcess(broker, life)
    try {
      await start(mortal.broker, plan)
    } catch (error) {
      assert.match(String(error), /killed/)
      killed++
      await mortal.endSession()
    }
  })
  await time.during(Promise.all(work))
  return killed
}

describe('an analysis of partial results', () => {
  it('equals the recomputation to the byte, whatever the partitions, the kills and the members', async () => {
    let killed = 0
    const delay = fc.oneof(fc.integer({ min: -60, max: 900 }), fc.constantFrom(-0, 2 ** 40, -(2 ** 40)))
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 4 }),
        fc.array(flightIn(2, delay), { minLength: 1, maxLength: 20 }),
        fc.array(flightIn(2, delay), { maxLength: 6 }),
        fc.array(fc.array(process, { minLength: 1, maxLength: 2 }), { maxLength: 4 }),
        async (partitions, records, later, lives) => {
          const analysis = withPartitions(departures, partitions)
          const plan = planAnalysis(analysis)
          const broker = await brokerWith(analysis, records)
          for (const together of lives) killed += await live(broker, plan, together)
          if (later.length > 0) await sendTo(broker, analysis.input.name, ...later)
          await run(broker, plan)
          const values = [...records, ...later].map(({ value }) => value)
          assert.equal(await tableOn(broker, analysis), writeResults(analysis, computed(analysis, values), 'json'))
          assert.deepEqual(await readCommitted(broker, quarantine.name), [])
        },
      ),
      { numRuns: 30 },
    )
    assert.ok(killed > 20, `${killed} were killed`)
  })

  it('adds up doubles partition by partition, the same however often it is interrupted', async () => {
    const partitions = 3
    const analysis = withPartitions(departures, partitions)
    await fc.assert(
      fc.asyncProperty(
        fc.array(flightIn(partitions, fc.double({ noNaN: true, noDefaultInfinity: true })), { maxLength: 25 }),
        fc.array(process, { maxLength: 3 }),
        async (records, lives) => {
          const broker = await brokerWith(analysis, records)
          for (const life of lives) await live(broker, planAnalysis(analysis), [life])
          await run(broker, planAnalysis(analysis))
          const whole = new Map<string, number>()
          for (let partition = 0; partition < partitions; partition++) {
            const mine = records.filter((record) => record.partition === partition).map(({ value }) => value)
            for (const { origin = '', delay } of computed(analysis, mine)) {
              whole.set(String(origin), (whole.get(String(origin)) ?? 0) + Number(delay))
            }
          }
          const found = await readNewest(broker, analysis.group)
          const sums = [...found.values()].map((each) => [Object(each).origin, Object(each).delay] as const)
          // What is beyond the doubles has no JSON number.
          const finite = [...whole].map(([origin, sum]) => [origin, Number.isFinite(sum) ? sum + 0 : null] as const)
          assert.deepEqual(new Map(sums), new Map(finite))
        },
      ),
      { numRuns: 30 },
    )
  })

  it('keeps what has no JSON number: nothing yet, minus zero, and sums beyond the doubles', async () => {
    const analysis = withPartitions(departures, 2)
    const huge = Number.MAX_VALUE
    for (const [records, extremes, delay] of [
      [[flight(0, 'A', null), flight(1, 'A', null)], 'Infinity -Infinity', 0],
      [[flight(0, 'A', -0), flight(1, 'A', null)], '-0 -0', 0],
      [[flight(0, 'A', huge), flight(0, 'A', huge), flight(1, 'A', -huge)], `${-huge} ${huge}`, null],
    ] as const) {
      const broker = await brokerWith(analysis, records)
      await run(broker, planAnalysis(analysis))
      const { extremes: found, delay: sum } = Object((await readNewest(broker, analysis.group)).get('["A"]'))
      assert.deepEqual([found, sum], [extremes, delay])
    }
  })

  it('takes a partial result that is repeated or older in the place of the one before, and refuses half a one', async () => {
    const analysis = withPartitions(departures, 2)
    const broker = await brokerWith(analysis, [flight(0, 'A', 1), flight(1, 'A', 2), flight(1, 'A', 3)])
    const plan = planAnalysis(analysis)
    await run(broker, plan)
    const between = await readCommitted(broker, 'departures-partials')
    const again = between.map(({ key, value, partition }) => ({ key, value, partition }))
    await sendTo(broker, 'departures-partials', ...again, ...again)
    const half = { key: 'half', value: '{"ORIGIN_AIRPORT":"A","from.partition":1,"state.flights":7}', partition: 0 }
    const far = { key: 'far', value: again[0]?.value?.replace('"from.partition":0', '"from.partition":2') ?? '' }
    await sendTo(broker, 'departures-partials', half, far)
    assert.equal((await run(broker, plan)).refused, 2)
    assert.equal(Object((await readNewest(broker, 'departures')).get('["A"]')).flights, 3)
    const reasons = [...(await readNewest(broker, quarantine.name)).values()].map((each) => Object(each).reason)
    const incomplete = 'the partial result is incomplete'
    assert.deepEqual(new Set(reasons), new Set(['from.partition: "2" is not a whole number from 0 to 1', incomplete]))
  })

  it('puts all of a key into one partition, which its own members share', async () => {
    const analysis = withPartitions(departures, 4)
    const origins = Array.from({ length: 20 }, (_, index) => `A${index}`)
    const broker = await brokerWith(
      analysis,
      origins.flatMap((each) => [flight(0, each, 1), flight(3, each, 1)]),
    )
    await Promise.all([run(broker, planAnalysis(analysis)), run(broker, planAnalysis(analysis))])
    const places = new Map<string, Set<number>>()
    for (const { key, partition } of await readCommitted(broker, 'departures-partials')) {
      const [origin] = JSON.parse(key)
      places.set(origin, (places.get(origin) ?? new Set()).add(partition))
    }
    assert.deepEqual(
      [...places.values()].map(({ size }) => size),
      origins.map(() => 1),
    )
    assert.equal(new Set([...places.values()].flatMap((each) => [...each])).size, 4)
  })

  it('leads from a result to the partial result, from that to the record, and knows when that was sent', async () => {
    const analysis = withPartitions(departures, 2)
    let now = sentAt
    const broker = createMemoryBroker({ now: () => now })
    await broker.admin.ensureTopics([analysis.input, quarantine])
    await sendTo(broker, 'flights', flight(0, 'A', 1), flight(1, 'A', 2))
    now += 5_000
    await run(broker, planAnalysis(analysis))
    const { from, sentAt: when } = Object((await readNewest(broker, 'departures')).get('["A"]'))
    assert.deepEqual([from.topic, when], ['departures-partials', sentAt])
    const between = await readTopic(broker, from.topic)
    const partial = between.find(({ partition, offset }) => partition === from.partition && offset === from.offset)
    const { from: first, sentAt: whenFirst } = JSON.parse(partial?.value ?? '')
    assert.deepEqual([first.topic, first.offset, whenFirst], ['flights', 0, sentAt])
  })

  it('of no key counts everything', async () => {
    const broker = await brokerWith(
      allFlights,
      [0, 1, 2, 3, 3].map((partition) => flight(partition, 'A', 1)),
    )
    await run(broker, planAnalysis(allFlights))
    const results = await readResults(broker, allFlights, running)
    assert.deepEqual(results, [{ what: 'flights', flights: 5 }])
  })
})

describe('an analysis of rows sent to the partition of their key', () => {
  const close = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(-0, 5e-324, Number.MAX_VALUE, 13),
  )
  const date = fc.constantFrom('2015-01-05', '2015-01-06', '2015-01-06T09:30:00-05:00', '2015-01-07')
  const anyBar = fc
    .tuple(fc.nat({ max: 1 }), date, fc.constantFrom('A', '__proto__', '\ud800'), close, fc.option(fc.nat()))
    .map((each) => bar(...each))

  it('equals folding those rows in their order, and they are the rows of the input, once and in their order', async () => {
    let killed = 0
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 3 }),
        fc.array(anyBar, { minLength: 1, maxLength: 20 }),
        fc.array(fc.array(process, { minLength: 1, maxLength: 2 }), { maxLength: 4 }),
        async (partitions, records, lives) => {
          const analysis = withPartitions(closesOfDay, partitions)
          const plan = planAnalysis(analysis)
          const broker = await brokerWith(analysis, records)
          for (const together of lives) killed += await live(broker, plan, together)
          await run(broker, plan)

          const sent = await readCommitted(broker, 'closes-of-day-repartition')
          const perPartition = Array.from({ length: partitions }, (_, partition) =>
            computed(
              analysis,
              sent
                .filter((each) => each.partition === partition)
                .map(({ value }) => `${value?.replace('{', '{"Open":1,"High":1,"Low":1,')}`),
            ),
          )
          assert.equal(await tableOn(broker, analysis), writeResults(analysis, perPartition.flat(), 'json'))

          for (const day of new Set(records.map(({ value }) => JSON.parse(String(value)).Date))) {
            for (let from = 0; from < partitions; from++) {
              const before = records.filter(({ partition }) => partition === from).map(({ value }) => value)
              const after = sent.flatMap(({ value }) => (JSON.parse(value ?? '').from.partition === from ? value : []))
              const isOfDay = (row: readonly unknown[]): boolean => row[0] === day
              assert.deepEqual(after.map(cellsOf).filter(isOfDay), before.map(cellsOf).filter(isOfDay))
            }
          }
        },
      ),
      { numRuns: 30 },
    )
    assert.ok(killed > 20, `${killed} were killed`)
  })

  it('is not computed again behind a damaged first stage, whose rows would come twice', async () => {
    const analysis = withPartitions(closesOfDay, 2)
    const broker = await brokerWith(analysis, [bar(0, '2015-01-05', 'A', 1, null)])
    const plan = planAnalysis(analysis)
    await run(broker, plan)
    await sendTo(broker, 'closes-of-day-repartition-state', { key: '[]', value: '{}', partition: 0 })
    await assert.rejects(run(broker, plan), { code: 'state-damaged', message: /the same rows twice/, hint: /--fresh/ })
    await dropStored(broker, analysis.group)
    await run(broker, plan)
    assert.equal((await readCommitted(broker, 'closes-of-day-repartition')).length, 1)
  })
})

/** The cells of a bar as the analysis reads them, every bit of them. */
function cellsOf(value: unknown): unknown[] {
  const { Date: date, Label, Close, Volume = null } = JSON.parse(String(value))
  return [date, Label, Number(Close), Volume]
}

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
