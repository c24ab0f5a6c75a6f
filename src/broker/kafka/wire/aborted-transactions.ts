/** A transaction that a broker says was aborted: who wrote it, and where its first record is. */
export interface AbortedTransaction {
  readonly producer: bigint
  readonly firstOffset: number
}

/** What the filter needs to know of a record batch. */
export interface TransactionalBatch {
  readonly lastOffset: number
  readonly producer: bigint
  readonly isTransactional: boolean
  readonly isControl: boolean
}

/**
 * Tells the records of aborted transactions from the others, over the batches of one fetched partition in order. The broker
 * lists every aborted transaction that reaches into what it sends, also those that began or end outside of it, so nothing has
 * to be remembered from one fetch to the next. A producer's records are aborted from the first offset of its listed transaction
 * to its abort marker; the next entry of the same producer counts from its own first offset. A marker without an entry ends a
 * transaction without records and means nothing.
 */
export class AbortedTransactions {
  private readonly listed: readonly AbortedTransaction[]
  private begun = 0
  private readonly aborting = new Set<bigint>()

  constructor(listed: readonly AbortedTransaction[]) {
    this.listed = listed.toSorted((a, b) => a.firstOffset - b.firstOffset)
  }

  /**
   * To be asked once for every batch, in order.
   *
   * @param isAbortMarker whether a control batch is one; asked only where it matters
   */
  isAborted(batch: TransactionalBatch, isAbortMarker: () => boolean): boolean {
    for (let next = this.listed[this.begun]; next !== undefined; next = this.listed[++this.begun]) {
      if (next.firstOffset > batch.lastOffset) break
      this.aborting.add(next.producer)
    }
    if (!batch.isTransactional || !this.aborting.has(batch.producer)) return false
    if (!batch.isControl) return true
    if (isAbortMarker()) this.aborting.delete(batch.producer)
    return false
  }
}
