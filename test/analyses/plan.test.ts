import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { analysisNames, type ChosenAnalysis, chooseAnalysis } from '../../src/analyses/all.ts'
import { planAnalysis } from '../../src/analyses/plan.ts'
import { required } from '../../src/model/schema.ts'
import { allFlights, closesOfDay, departures, withPartitions } from './regrouped-analyses.ts'

/** Of every stage its group, where it reads and where it writes. */
function waysOf(analysis: ChosenAnalysis, asked?: 'partials' | 'repartition'): string[] {
  return planAnalysis(analysis, asked).stages.map(
    ({ group, input, output }) => `${group}: ${input.name} > ${output.name}`,
  )
}

describe('the plan of an analysis', () => {
  it('is the analysis itself where all records of a key are in one partition', () => {
    for (const name of analysisNames) {
      const analysis = chooseAnalysis(name)
      assert.deepEqual(planAnalysis(analysis).stages, [analysis])
    }
    assert.equal(planAnalysis(withPartitions(closesOfDay, 1)).kind, 'direct')
  })

  it('is to merge partial results where its state can be merged and a key has one result', () => {
    const plan = planAnalysis(departures)
    assert.equal(plan.kind, 'partials')
    assert.deepEqual(waysOf(departures), [
      'departures-partials: flights > departures-partials',
      'departures: departures-partials > departures',
    ])
    assert.equal(
      plan.reason,
      'departures: partial results of each partition are merged, by way of topic departures-partials (flights is keyed by airline, not by originAirport)',
    )
  })

  it('is to send rows to the partition of their key where it cannot', () => {
    assert.deepEqual(waysOf(closesOfDay), [
      'closes-of-day-repartition: prices > closes-of-day-repartition',
      'closes-of-day: closes-of-day-repartition > closes-of-day',
    ])
    const { reason } = planAnalysis(closesOfDay)
    assert.match(reason, /prices is keyed by symbol, not by date\), since each of its rows has a result of its own$/)
    const oncePerKey: ChosenAnalysis = { ...closesOfDay, emits: { ...closesOfDay.emits, per: 'key' } }
    assert.match(planAnalysis(oncePerKey).reason, /, since its state’s rows is no count, sum or extreme/)
  })

  it('is what was asked for, also where nothing would have to be done', () => {
    assert.equal(planAnalysis(departures, 'repartition').kind, 'repartition')
    assert.equal(planAnalysis(chooseAnalysis('flights-per-day'), 'partials').kind, 'partials')
    const plan = planAnalysis(chooseAnalysis('aroon'), 'repartition')
    assert.deepEqual([plan.kind, plan.stages.length], ['repartition', 2])
    assert.match(plan.reason, /on topic aroon-repartition \(as asked for\)$/)
  })

  it('is refused where partial results are asked for and cannot be merged, with the reason and the next step', () => {
    const oncePerKey: ChosenAnalysis = { ...closesOfDay, emits: { ...closesOfDay.emits, per: 'key' } }
    for (const [analysis, reason] of [
      [
        closesOfDay,
        /^closes-of-day cannot be put together from partial results: each of its rows has a result of its own/,
      ],
      [oncePerKey, /: its state’s rows is no count, sum or extreme, which alone can be merged$/],
    ] as const) {
      assert.throws(() => planAnalysis(analysis, 'partials'), { code: 'usage', message: reason, hint: /repartition/ })
    }
  })

  it('is refused where columns between the stages could be taken for each other', () => {
    const fields = { ...departures.input.schema.fields, originAirport: required('text', 'Sent_At') }
    const other = { ...departures, input: { ...departures.input, schema: { name: 'flights', fields } } }
    assert.equal(planAnalysis(other).kind, 'partials')
    const same = { ...fields, originAirport: required('text', 'From') }
    const clash = { ...departures, input: { ...departures.input, schema: { name: 'flights', fields: same } } }
    assert.throws(() => planAnalysis(clash), { code: 'usage', message: /cannot be told apart: From, from.partition, / })
    assert.throws(() => planAnalysis(clash, 'repartition'), { code: 'usage' })
  })

  it('sends rows whose key is 0 or -0 to the same partition, and keeps the sign of what is no key', () => {
    const [rows] = planAnalysis({ ...closesOfDay, keyBy: ['close'] }).stages
    const row = { date: '2015-01-05', symbol: 'A', close: -0, volume: -0 }
    const state = {}
    rows?.fold(state, row)
    const { Close, Volume } = Object(rows?.report(state, {}))
    assert.deepEqual([JSON.stringify(Close), Volume], ['0', '-0'])
  })

  it('works without any key', () => {
    assert.equal(planAnalysis(allFlights).kind, 'partials')
    assert.match(planAnalysis(allFlights).reason, /not by nothing/)
  })
})
