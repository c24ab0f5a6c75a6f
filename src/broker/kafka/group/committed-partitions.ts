import type { offsetCommitV9 } from '@platformatic/kafka'

type OffsetCommitTopic = Parameters<typeof offsetCommitV9.api.async>[5][number]

/** Positions as an OffsetCommit carries them. */
export function committedPartitions(positions: ReadonlyMap<number, number>): OffsetCommitTopic['partitions'] {
  return [...positions].map(([partitionIndex, offset]) => ({
    partitionIndex,
    committedOffset: BigInt(offset),
    committedLeaderEpoch: -1,
    committedMetadata: '',
  }))
}
