import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { planAnalysis } from '../../src/analyses/plan.ts'
import { createMemoryBroker } from '../../src/broker/memory/memory-broker.ts'
import { readResults } from '../../src/pipelines/read-results.ts'
import { writeResults } from '../../src/pipelines/results-table.ts'
import { quarantine } from '../../src/topics/quarantine.ts'
import { allFlights, departures, withPartitions } from '../analyses/regrouped-analyses.ts'
import { brokerWith, computed, flight, flightIn, live, process, run, running, sentAt, tableOn } from './plan-runs.ts'
import { readCommitted, readNewest, readTopic, sendTo } from './topic-records.ts'

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
