import { type Topic } from './topic.ts'

/**
 * The result topic of an analysis, named as its consumer group is: keyed upserts, the newest of every key kept for good.
 * One partition, so that a reader sees results in the order in which they were found.
 */
export function resultTopic(group: string): Topic {
  return { name: group, partitions: 1, cleanup: 'compact', retentionMs: -1 }
}
