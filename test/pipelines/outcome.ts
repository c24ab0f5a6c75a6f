import * as fc from 'fast-check'
import { type ChosenAnalysis, chooseAnalysis } from '../../src/analyses/all.ts'
import type { Broker, OutgoingRecord } from '../../src/broker/broker.ts'
import { createMemoryBroker } from '../../src/broker/memory/memory-broker.ts'
import { runAnalysis } from '../../src/pipelines/run-analysis.ts'
import { prices } from '../../src/topics/prices.ts'
import { quarantine } from '../../src/topics/quarantine.ts'
import { resultTopic } from '../../src/topics/results.ts'
import { stateTopic } from '../../src/topics/state.ts'
import { dayOf } from '../analyses/histories.ts'
import type { HurriedTime } from './hurried-time.ts'
import { barRecord, readCommitted, sendTo } from './topic-records.ts'

const sentAt = Date.UTC(2015, 0, 5)

export const aroon = chooseAnalysis('aroon', { period: '1' })
/** Analyses with a result for every record: a result that is there twice was committed twice. */
export const analyses = [aroon, chooseAnalysis('bollinger', { period: '2' })]

/** All that an analysis has left behind, as readers of committed records see it. */
export interface Outcome {
  /** Every result, by the record it came from: none is there twice, whatever happened. */
  readonly results: readonly string[]
  readonly quarantined: readonly string[]
  readonly states: unknown
  readonly positions: unknown
}

export async function outcomeOf(broker: Broker, analysis: ChosenAnalysis): Promise<Outcome> {
  const states = stateTopic(analysis.group, prices.partitions).name
  const newest = new Map(
    (await readCommitted(broker, states)).map((each) => [`${each.partition} ${each.key}`, each.value]),
  )
  const committed = await broker.admin.committed(analysis.group, prices.name)
  const { partitions } = await broker.admin.describeTopic(prices.name)
  return {
    results: (await readCommitted(broker, analysis.group)).map(({ key, value }) => `${key} ${value}`).toSorted(),
    quarantined: (await readCommitted(broker, quarantine.name)).map(({ value }) => String(value)).toSorted(),
    states: [...newest].toSorted(([a], [b]) => (a < b ? -1 : 1)),
    positions: partitions.map(({ partition }) => committed.get(partition) ?? 0),
  }
}

/** The outcome of an analysis of the broker's prices that nothing disturbs; it is cleared away again. */
export async function undisturbed(time: HurriedTime, broker: Broker, analysis: ChosenAnalysis): Promise<Outcome> {
  await broker.admin.ensureTopics([quarantine, resultTopic(analysis.group)])
  const { signal } = new AbortController()
  await time.during(runAnalysis({ broker, analysis, untilEnd: true, signal }))
  const outcome = await outcomeOf(broker, analysis)
  await broker.admin.deleteTopics([quarantine.name, analysis.group, stateTopic(analysis.group, prices.partitions).name])
  await broker.admin.deleteGroups([analysis.group])
  await broker.admin.ensureTopics([quarantine, resultTopic(analysis.group)])
  return outcome
}

export async function brokerWith(records: readonly OutgoingRecord[]): Promise<Broker> {
  const broker = createMemoryBroker({ now: () => sentAt })
  await broker.admin.ensureTopics([prices])
  await sendTo(broker, prices.name, ...records)
  return broker
}

const symbol = fc.constantFrom('A', 'B', 'C', 'D', '__proto__', '\ud800', 'é"')
const bar = fc
  .tuple(symbol, fc.nat({ max: 12 }), fc.integer({ min: -2, max: 2 }))
  .map(([name, day, close]) => barRecord(name, dayOf(day), close))
const array = fc
  .array(
    fc.oneof(
      fc.constant('7'),
      fc.nat({ max: 12 }).map((day) => barRecord('A', dayOf(day), 1).value ?? ''),
    ),
  )
  .map((values) => ({ key: 'A', value: `[${values.join()}]` }))
const garbage = fc.constantFrom('', 'NaN', '{}').map((value) => ({ key: 'B', value }))
/** What may be in the topic: bars, arrays of them, and what does not fit. */
export const record: fc.Arbitrary<OutgoingRecord> = fc.oneof(
  { weight: 8, arbitrary: bar },
  { weight: 1, arbitrary: array },
  { weight: 1, arbitrary: garbage },
)
