import { type Topic } from './topic.ts'

/**
 * The states of an analysis: as many partitions as its input has, each with the states of the keys of that partition and the
 * position they stand for. The newest of every key is kept for good.
 */
export function stateTopic(group: string, partitions: number): Topic {
  return { name: `${group}-state`, partitions, cleanup: 'compact', retentionMs: -1 }
}
