import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import type { ChosenAnalysis } from '../../src/analyses/all.ts'
import type { Result } from '../../src/analyses/analysis.ts'
import type { Plan } from '../../src/analyses/plan.ts'
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
import { quarantine } from '../../src/topics/quarantine.ts'
import { hurryTime } from './hurried-time.ts'
import { MortalProcess } from './mortal-process.ts'
import { sendTo } from './topic-records.ts'

/** Hurried for the whole of a test file that imports this. */
export const time = hurryTime()
export const running = new AbortController().signal
export const sentAt = Date.UTC(2015, 0, 5)

/** A broker with these records in the topic that the analysis reads. */
export async function brokerWith(analysis: ChosenAnalysis, records: readonly OutgoingRecord[]): Promise<Broker> {
  const broker = createMemoryBroker({ now: () => sentAt })
  await broker.admin.ensureTopics([analysis.input, quarantine])
  if (records.length > 0) await sendTo(broker, analysis.input.name, ...records)
  return broker
}

function start(broker: Broker, plan: Plan, options: Partial<PlanOptions> = {}): Promise<AnalysisProgress> {
  return runPlan({ broker, plan, untilEnd: true, signal: running, ...options })
}

/** To the end, alone. */
export function run(broker: Broker, plan: Plan, options: Partial<PlanOptions> = {}): Promise<AnalysisProgress> {
  return time.during(start(broker, plan, options))
}

/** What an analysis makes of values, with no broker. */
export function computed(analysis: ChosenAnalysis, values: Iterable<unknown>): Result[] {
  const frame = createFrame(analysis.input.schema, analysis.input.name)
  for (const value of values) decodeMessage(frame, String(value), 0)
  const folding = new Folding(analysis)
  folding.take(frame)
  const newest = new Map(folding.takeUpserts().map(({ result }) => [keyOf(analysis.emits.key, result), result]))
  return [...newest.values()]
}

/** What readers of the results see. */
export async function tableOn(broker: Broker, analysis: ChosenAnalysis): Promise<string> {
  return writeResults(analysis, await readResults(broker, analysis, running), 'json')
}

export const flight = (partition: number, origin: string | null, delay: number | null): OutgoingRecord => {
  const fixed = { YEAR: 2015, MONTH: 1, DAY: 1, AIRLINE: 'AA', ORIGIN_AIRPORT: origin, DEPARTURE_DELAY: delay }
  // JSON.stringify loses the sign of a zero.
  const value = JSON.stringify(fixed).replace(/null}$/, Object.is(delay, -0) ? '-0}' : 'null}')
  return { key: 'AA', value: Object.is(delay, -0) ? value.replace(/:0}$/, ':-0}') : value, partition }
}

/** A flight, with the partition that its producer chose for reasons of its own, of the first few. */
export function flightIn(partitions: number, delay: fc.Arbitrary<number>): fc.Arbitrary<OutgoingRecord> {
  const origin = fc.option(fc.constantFrom('JFK', '__proto__', '\ud800', '13'))
  return fc.tuple(fc.nat({ max: partitions - 1 }), origin, fc.option(delay)).map((each) => flight(...each))
}

export const bar = (
  partition: number,
  date: string,
  symbol: string,
  close: number,
  volume: number | null,
): OutgoingRecord => {
  const fixed = { Date: date, Open: 1, High: 1, Low: 1, Volume: volume, Label: symbol }
  const text = Object.is(close, -0) ? '-0' : String(close)
  return { key: symbol, value: `${JSON.stringify(fixed).slice(0, -1)},"Close":${text}}`, partition }
}

export interface Process {
  readonly killAtStep: number
  readonly batchRecordsMax: number
}

export const process: fc.Arbitrary<Process> = fc.record({
  killAtStep: fc.integer({ min: 1, max: 60 }),
  batchRecordsMax: fc.integer({ min: 1, max: 5 }),
})

/** Several processes at once, each killed where it is told; those that get that far end in order. */
export async function live(broker: Broker, plan: Plan, lives: readonly Process[]): Promise<number> {
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
