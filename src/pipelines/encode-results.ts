import type { ChosenAnalysis } from '../analyses/all.ts'
import type { Result } from '../analyses/analysis.ts'
import type { OutgoingRecord } from '../broker/broker.ts'
import { jsonOf, quote } from '../model/json-text.ts'
import { partitionOf } from '../model/partition.ts'
import type { Upsert } from './folding.ts'

/** The key of a result, as it is on the result topic: its key columns as a JSON array. */
export function keyOf(columns: readonly string[], result: Result): string {
  let json = ''
  for (const column of columns) json += `${json === '' ? '' : ','}${jsonOf(result[column] ?? NaN)}`
  return `[${json}]`
}

/** Where results come from: a partition, and when the newest record behind them was sent. */
export interface ResultsOrigin {
  readonly topic: string
  readonly partition: number
  /** Milliseconds since the epoch. */
  readonly sentAt: number | null
}

/**
 * Results as they are on the result topic: the result's columns, when the newest record behind it was sent, and which record
 * changed it last.
 */
export function encodeResults(
  { emits, output }: ChosenAnalysis,
  upserts: readonly Upsert[],
  { topic, partition, sentAt }: ResultsOrigin,
): OutgoingRecord[] {
  const names = emits.columns.map((column) => `${quote(column)}:`)
  const origin = `"sentAt":${sentAt},"from":{"topic":${quote(topic)},"partition":${partition},"offset":`
  return upserts.map(({ result, position }) => {
    let value = '{'
    for (let i = 0; i < names.length; i++) {
      const cell = result[emits.columns[i] ?? '']
      if (cell !== undefined) value += `${names[i]}${jsonOf(cell)},`
    }
    const record = { key: keyOf(emits.key, result), value: `${value}${origin}${position}}}` }
    if (emits.partitionBy === undefined) return record
    return { ...record, partition: partitionOf(keyOf(emits.partitionBy, result), output.partitions) }
  })
}
