/** A member as the sharing sees it. */
export interface Sharer {
  readonly id: string
  /** What it has now, which it keeps as far as the balance allows. */
  readonly held: readonly number[]
}

/**
 * Shares partitions so that no member has more than one above another and as few as possible move. The same input gives
 * the same output; of equal members the earlier one is given more. A partition that two claim is the first one's.
 *
 * @returns partitions by member, in order; a partition that is held elsewhere is in its future member's list already
 */
export function sharePartitions(sharers: readonly Sharer[], partitions: readonly number[]): Map<string, number[]> {
  const free = new Set(partitions)
  const claims = sharers.map(({ id, held }) => ({ id, held: held.filter((partition) => free.delete(partition)) }))
  const floor = Math.floor(partitions.length / Math.max(1, sharers.length))
  let oneMore = partitions.length - floor * sharers.length
  const byId = new Map<string, number[]>(sharers.map(({ id }) => [id, []]))
  const open: { readonly mine: number[]; readonly quota: number }[] = []
  // Those who have most keep the odd one, or it would move for nothing.
  for (const { id, held } of claims.toSorted((a, b) => b.held.length - a.held.length)) {
    const quota = floor + (oneMore > 0 ? 1 : 0)
    oneMore--
    const mine = byId.get(id) ?? []
    mine.push(...held.slice(0, quota))
    for (const surplus of held.slice(quota)) free.add(surplus)
    open.push({ mine, quota })
  }
  const left = [...free].toSorted((a, b) => a - b)
  for (const { mine, quota } of open) mine.push(...left.splice(0, quota - mine.length))
  for (const mine of byId.values()) mine.sort((a, b) => a - b)
  return byId
}
