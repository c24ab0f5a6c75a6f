import { type Topic } from './topic.ts'

/**
 * The states of an analysis: as many partitions as its input has, each with the states of the keys of that partition and the
 * position they stand for. The newest of every key is kept for good.
 */
export function stateTopic(group: string, partitions: number): Topic {
  return { name: `${group}${ending}`, partitions, cleanup: 'compact', retentionMs: -1 }
}

const ending = '-state'

/** The group whose state topic this is by its name; undefined for other topics. */
export function findGroupOfState(topic: string): string | undefined {
  return topic.endsWith(ending) && topic.length > ending.length ? topic.slice(0, -ending.length) : undefined
}
