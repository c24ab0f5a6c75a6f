/**
 * Which partitions cannot be read, and since how many tries. The first failure is told to nobody: it may be no more than a
 * leader that moved.
 */
export class Troubles {
  private readonly failures = new Map<number, number>()
  private readonly tell: (reason: string | undefined) => void
  private isTold = false

  /** @param tell the reason, and undefined when all partitions can be read again */
  constructor(tell: (reason: string | undefined) => void) {
    this.tell = tell
  }

  /** How often the unluckiest of them has failed in a row. */
  get worst(): number {
    return Math.max(0, ...this.failures.values())
  }

  failed(partitions: Iterable<number>, reason: string): void {
    for (const partition of partitions) this.failures.set(partition, (this.failures.get(partition) ?? 0) + 1)
    if (this.isTold || this.worst < 2) return
    this.isTold = true
    this.tell(reason)
  }

  /** These can be read, or are not wanted any more. */
  over(partitions: Iterable<number>): void {
    for (const partition of partitions) this.failures.delete(partition)
    if (!this.isTold || this.failures.size > 0) return
    this.isTold = false
    this.tell(undefined)
  }
}
