import { WindsockError } from '../foundation/errors.ts'
import { type Field, type Fields, normalColumn, optional, required } from '../model/schema.ts'
import type { Value } from '../model/value.ts'
import { partialsTopic, type Regroup, repartitionTopic } from '../topics/regrouped.ts'
import type { Stream, Topic } from '../topics/topic.ts'
import type { ChosenAnalysis } from './all.ts'
import type { Result } from './analysis.ts'
import { findUnmergeable, mergeValues, number, text } from './state.ts'

/** How an analysis is worked on. */
export interface Plan {
  readonly kind: 'direct' | Regroup
  /** Analyses in their order: each one reads what the one before it writes, and the last one writes the results. */
  readonly stages: readonly ChosenAnalysis[]
  /** What was chosen and why, a sentence without a full stop. */
  readonly reason: string
}

/**
 * Finds how the rows of each key come together. Nothing has to be done where all of a key are in one partition of the input
 * already. Else partial results are merged where the analysis allows that, and where it does not its rows are sent to a
 * topic that is partitioned by its key.
 *
 * @param asked what to do instead of what would be chosen
 * @throws WindsockError `usage` when partial results are asked for and cannot be merged
 */
export function planAnalysis(analysis: ChosenAnalysis, asked?: Regroup): Plan {
  const { group, keyBy, input } = analysis
  if (asked === undefined && (keyBy.includes(input.key) || input.partitions === 1)) {
    const reason = `${group}: all records of a key are in one partition of ${input.name}`
    return { kind: 'direct', stages: [analysis], reason }
  }
  const obstacle = findObstacle(analysis)
  if (asked === 'partials' && obstacle !== undefined) {
    throw new WindsockError('usage', `${group} cannot be put together from partial results: ${obstacle}`, {
      hint: 'Ask for --regroup repartition',
    })
  }
  const why =
    asked === undefined
      ? `${input.name} is keyed by ${input.key}, not by ${keyBy.join(', ') || 'nothing'}`
      : 'as asked for'
  if (asked === 'repartition' || obstacle !== undefined) {
    const topic = repartitionTopic(group, input)
    const reason = `${group}: rows are sent to the partition of their key, on topic ${topic.name} (${why})`
    const because = asked !== undefined || obstacle === undefined ? reason : `${reason}, since ${obstacle}`
    return { kind: 'repartition', stages: repartition(analysis, topic), reason: because }
  }
  const topic = partialsTopic(group, input)
  const reason = `${group}: partial results of each partition are merged, by way of topic ${topic.name} (${why})`
  return { kind: 'partials', stages: mergePartials(analysis, topic), reason }
}

/** Why there are no partial results that can be merged. */
function findObstacle({ emits, state }: ChosenAnalysis): string | undefined {
  if (emits.per === 'row') return 'each of its rows has a result of its own'
  const field = findUnmergeable(state)
  if (field === undefined) return undefined
  return `its state’s ${field} is no count, sum or extreme, which alone can be merged`
}

type Cells = Readonly<Record<string, Value>>
type Numbers = Record<string, number>

/** First the analysis partition by partition, its states as results; then, by key, the states of all partitions as one. */
function mergePartials(analysis: ChosenAnalysis, topic: Topic): ChosenAnalysis[] {
  const { keyBy, input } = analysis
  const key = fieldsOf(analysis, keyBy)
  const keyColumns = key.map(([, { column }]) => column)
  const states = Object.entries(analysis.state).flatMap(([name, field]) => {
    if (field.kind !== 'number' || field.merge === undefined) return []
    const parts = Array.from({ length: input.partitions }, (_, index) => `${index}.${name}`)
    return [
      { name, initial: field.initial, merge: field.merge, parts, column: `state.${name}`, odd: `state.${name}.text` },
    ]
  })
  const stateColumns = states.flatMap(({ column, odd }) => [column, odd])
  const stream = streamOf(topic, [
    ...key,
    [partition, required('integer', partition, { min: 0, max: input.partitions - 1 })],
    ...states.flatMap(({ column, odd }): [string, Field][] => [
      [column, optional('number', column)],
      [odd, optional('text', odd)],
    ]),
  ])

  const partials = {
    ...analysis,
    group: topic.name,
    report(state: Numbers, keyCells: Cells, origin = ''): Result {
      const result: Record<string, string | number> = { [partition]: Number(origin.slice(origin.lastIndexOf('/') + 1)) }
      for (const [name, { column }] of key) putCell(result, column, keyCells[name] ?? null)
      for (const { name, column, odd } of states) {
        const value = state[name] ?? NaN
        if (Number.isFinite(value)) putCell(result, column, exact(value))
        else result[odd] = String(value)
      }
      return result
    },
    emits: {
      per: 'key',
      key: [...keyColumns, partition],
      columns: [...keyColumns, partition, ...stateColumns],
      partitionBy: keyColumns,
    },
    output: topic,
  } as const

  const merged = {
    ...analysis,
    input: stream,
    reads: [...keyBy, partition, ...stateColumns, sentAt],
    state: Object.fromEntries(states.flatMap(({ parts, initial }) => parts.map((name) => [name, number(initial)]))),
    /** A partial result takes the place of the one before it of the same partition. */
    fold(state: Numbers, row: Cells): string | undefined {
      const values = states.map(({ column, odd }) => row[column] ?? row[odd] ?? null)
      if (values.includes(null)) return 'the partial result is incomplete'
      const from = Number(row[partition])
      states.forEach(({ parts }, index) => (state[parts[from] ?? ''] = Number(values[index])))
      return undefined
    },
    report(state: Numbers, keyCells: Cells, origin?: string): Result | undefined {
      const whole: Numbers = {}
      for (const { name, merge, initial, parts } of states) {
        whole[name] = parts.reduce((value, each) => mergeValues(merge, value, state[each] ?? initial), initial)
      }
      return analysis.report(whole, keyCells, origin)
    },
  }
  return [partials, merged]
}

/** First every row under its key, its state being the row that came last; then the analysis on those. */
function repartition(analysis: ChosenAnalysis, topic: Topic): ChosenAnalysis[] {
  const { keyBy, reads } = analysis
  const fields = fieldsOf(analysis, reads)
  const columns = fieldsOf(analysis, keyBy).map(([, { column }]) => column)
  const cells = fields.map(([name, { column, type }]) => {
    // Neither is ever the value of a cell.
    const empty = type === 'text' || type === 'date' ? '' : NaN
    return { name, column, empty, isKey: keyBy.includes(name) }
  })
  const rows = {
    ...analysis,
    group: topic.name,
    keyBy: [],
    state: Object.fromEntries(cells.map(({ name, empty }) => [name, empty === '' ? text() : number(NaN)])),
    fold(state: Record<string, string | number>, row: Cells): undefined {
      for (const { name, empty } of cells) state[name] = row[name] ?? empty
    },
    report(state: Record<string, string | number>): Result {
      const result: Record<string, string | number> = {}
      for (const { name, column, empty, isKey } of cells) {
        const value = state[name] ?? empty
        // In a key 0 and -0 are the same.
        if (!Object.is(value, empty)) putCell(result, column, isKey ? value : exact(value))
      }
      return result
    },
    emits: { per: 'row', key: columns, columns: cells.map(({ column }) => column) },
    output: topic,
  } as const
  return [rows, { ...analysis, input: streamOf(topic, fields), reads: [...reads, sentAt] }]
}

/** What is between the stages beside the columns of the analysis: the partition of a partial result, and when it was sent. */
const partition = 'from.partition'
const sentAt = 'sentAt'

function fieldsOf({ input }: ChosenAnalysis, names: readonly string[]): (readonly [string, Field])[] {
  return names.flatMap((name) => {
    const field = input.schema.fields[name]
    return field === undefined ? [] : [[name, { ...field, aliases: [] }] as const]
  })
}

/** @throws WindsockError `usage` when two columns could be taken for each other */
function streamOf(topic: Topic, fields: readonly (readonly [string, Field])[]): Stream {
  const all: Fields = Object.fromEntries([...fields, [sentAt, optional('number', sentAt)]])
  const columns = [...fields.map(([, { column }]) => column), sentAt, 'from']
  if (new Set(columns.map(normalColumn)).size < columns.length || Object.keys(all).length <= fields.length) {
    throw new WindsockError('usage', `the columns of ${topic.name} cannot be told apart: ${columns.join(', ')}`)
  }
  return { ...topic, schema: { name: topic.name, fields: all }, key: '', sentAt }
}

function putCell(result: Record<string, string | number>, column: string, cell: Value): void {
  if (cell !== null) result[column] = cell
}

/** A value of which JSON keeps every bit: -0 is read from text, but would be written as 0. */
function exact(value: string | number): string | number {
  return Object.is(value, -0) ? '-0' : value
}
