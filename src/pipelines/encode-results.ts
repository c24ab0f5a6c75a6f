import type { ChosenAnalysis } from '../analyses/all.ts'
import type { Result } from '../analyses/analysis.ts'
import type { OutgoingRecord } from '../broker/broker.ts'
import { JsonBytes, numberBytesMax, textBytesMax } from '../model/json-bytes.ts'
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
  const columns = emits.columns.map((column) => ({ column, start: escaped(`${quote(column)}:`) }))
  const origin = escaped(`"sentAt":${sentAt},"from":{"topic":${quote(topic)},"partition":${partition},"offset":`)
  const fixedBytes = columns.reduce((sum, { start }) => sum + start.length + 1, origin.length + numberBytesMax + 4)
  const json = new JsonBytes()
  return upserts.map(({ result, position }) => {
    const key = encodeKey(json, emits.key, result)
    let bytesMax = fixedBytes
    for (const { column } of columns) bytesMax += cellBytesMax(result[column])
    const from = json.begin(bytesMax)
    json.ascii('{')
    for (const { column, start } of columns) {
      const cell = result[column]
      if (cell === undefined) continue
      json.ascii(start)
      writeCell(json, cell)
      json.ascii(',')
    }
    json.ascii(origin)
    json.number(position)
    json.ascii('}}')
    const into = emits.partitionBy === undefined ? undefined : keyOf(emits.partitionBy, result)
    return { key, value: json.since(from), partition: into === undefined ? 0 : partitionOf(into, output.partitions) }
  })
}

/** As `keyOf`, in bytes. */
function encodeKey(json: JsonBytes, columns: readonly string[], result: Result): Uint8Array {
  let bytesMax = 2
  for (const column of columns) bytesMax += cellBytesMax(result[column]) + 1
  const from = json.begin(bytesMax)
  let separator = '['
  for (const column of columns) {
    json.ascii(separator)
    writeCell(json, result[column] ?? NaN)
    separator = ','
  }
  json.ascii(']')
  return json.since(from)
}

function writeCell(json: JsonBytes, cell: string | number): void {
  if (typeof cell === 'string') json.text(cell)
  else json.number(cell)
}

function cellBytesMax(cell: string | number | undefined): number {
  return typeof cell === 'string' ? textBytesMax(cell) : numberBytesMax
}

/** JSON text in ASCII. */
function escaped(json: string): string {
  return json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
