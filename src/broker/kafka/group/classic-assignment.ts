import { sharePartitions } from '../../group/share-partitions.ts'

/** A member as it has joined this round. */
export interface JoinedMember {
  readonly memberId: string
  /** What it works on, by its own word. */
  readonly owned: readonly number[]
  /** The round its word is from. */
  readonly generation: number
}

/**
 * What the leader of a classic group gives each member in one round. Nobody is given what another member still works
 * on: who is to give it up is not given it either, finishes it, and joins again; the next round gives it on. So kept
 * partitions never stand still (incremental cooperative rebalancing, KIP-429).
 */
export function assignRound(joined: readonly JoinedMember[], partitionCount: number): Map<string, number[]> {
  const ownerOf = new Map<number, JoinedMember>()
  const members = joined.toSorted((a, b) => (a.memberId < b.memberId ? -1 : 1))
  for (const member of members) {
    for (const partition of member.owned) {
      // Of two that claim a partition the one with the older word has not heard of its loss yet.
      if (member.generation > (ownerOf.get(partition)?.generation ?? Number.NEGATIVE_INFINITY))
        ownerOf.set(partition, member)
    }
  }
  const sharers = members.map((member) => ({
    id: member.memberId,
    held: member.owned.filter((partition) => ownerOf.get(partition) === member),
  }))
  const shares = sharePartitions(
    sharers,
    Array.from({ length: partitionCount }, (_, partition) => partition),
  )
  const isAnothers = (partition: number, memberId: string): boolean =>
    members.some((other) => other.memberId !== memberId && other.owned.includes(partition))
  return new Map(
    [...shares].map(([memberId, share]) => [memberId, share.filter((partition) => !isAnothers(partition, memberId))]),
  )
}
