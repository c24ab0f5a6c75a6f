/**
 * When the result of each record was first read. A result is a count: one of `n` has in it the first `n` records of its
 * group, those that had no result of their own as well.
 */
export class LatencyTally {
  private readonly indicesByGroup = new Map<string, number[]>()
  private readonly seenByGroup = new Map<string, number>()
  private readonly seenAt: Float64Array
  /** How many records have a result. */
  seen = 0

  /** @param groups by record, in the order of sending */
  constructor(groups: readonly string[]) {
    this.seenAt = new Float64Array(groups.length)
    groups.forEach((group, index) => {
      const indices = this.indicesByGroup.get(group)
      if (indices === undefined) this.indicesByGroup.set(group, [index])
      else indices.push(index)
    })
  }

  /** A result was read. @throws RangeError when it counts more than were sent */
  see(group: string, count: number, atMs: number): void {
    const indices = this.indicesByGroup.get(group) ?? []
    if (count > indices.length) throw new RangeError(`${group} counts ${count} records, sent were ${indices.length}`)
    const before = this.seenByGroup.get(group) ?? 0
    for (let ordinal = before; ordinal < count; ordinal++) this.seenAt[indices[ordinal] ?? 0] = atMs
    if (count <= before) return
    this.seen += count - before
    this.seenByGroup.set(group, count)
  }

  /** Milliseconds from when each record from `first` on was due to when its result was read. */
  latencies(first: number, dueMs: (index: number) => number): Float64Array {
    return this.seenAt.slice(first).map((at, order) => at - dueMs(first + order))
  }
}
