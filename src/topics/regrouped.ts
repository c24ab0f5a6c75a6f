import type { Topic } from './topic.ts'

/**
 * How the rows of a key come together that lie in several partitions: `partials` merges what each partition comes to,
 * `repartition` sends every row to the partition of its key.
 */
export type Regroup = 'partials' | 'repartition'

export const regroups: readonly Regroup[] = ['partials', 'repartition']

/** The topic between the two stages of a regrouped analysis, which is also the group of the first one. */
export function regroupedName(group: string, regroup: Regroup): string {
  return `${group}-${regroup}`
}

/** By key and partition of the input, the newest partial result; partitioned by the key alone. */
export function partialsTopic(group: string, input: Topic): Topic {
  const { partitions } = input
  return { name: regroupedName(group, 'partials'), partitions, cleanup: 'compact', retentionMs: -1 }
}

/** The rows of the input once more, reduced to the columns that are read, and partitioned by the key. */
export function repartitionTopic(group: string, input: Topic): Topic {
  const { partitions, retentionMs } = input
  return { name: regroupedName(group, 'repartition'), partitions, cleanup: 'delete', retentionMs }
}
