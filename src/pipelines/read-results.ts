import type { ChosenAnalysis } from '../analyses/all.ts'
import type { Result } from '../analyses/analysis.ts'
import type { Broker } from '../broker/broker.ts'
import { resultTopic } from '../topics/results.ts'
import { objectOf } from './follow-topic.ts'

/**
 * All results of an analysis that are committed on its topic now, the newest of every key.
 *
 * @throws WindsockError `topic-missing` when the analysis has never run
 */
export async function readResults(broker: Broker, analysis: ChosenAnalysis, signal: AbortSignal): Promise<Result[]> {
  const { name } = resultTopic(analysis.group)
  const { partitions } = await broker.admin.describeTopic(name, 'committed')
  const until = new Map(partitions.map(({ partition, end }) => [partition, end]))
  const reader = broker.openReader({ topic: name, start: 'earliest', until, isolation: 'committed', signal })
  const results = new Map<string, Result>()
  try {
    for await (const { records } of reader) {
      for (const record of records) {
        const key = Buffer.from(record.key ?? []).toString()
        const value = objectOf(record)
        if (value === undefined) results.delete(key)
        else results.set(key, toResult(analysis.emits.columns, value))
      }
    }
  } finally {
    await reader.close()
  }
  return [...results.values()]
}

function toResult(columns: readonly string[], value: Readonly<Record<string, unknown>>): Result {
  const result: Record<string, string | number> = {}
  for (const column of columns) {
    const cell = value[column]
    if (typeof cell === 'string' || typeof cell === 'number') result[column] = cell
  }
  return result
}
