import { WindsockError } from '../foundation/errors.ts'

/** Where reading one partition stands. */
export interface PartitionPosition {
  readonly partition: number
  /** The offset behind the last batch that was handed out. */
  readonly position: number
  /** The offset to be fetched next: ahead of `position` by what was fetched and not yet handed out. */
  readonly ahead: number
  /** The leader's epoch of the last batch before `ahead`; -1 where it is not known. */
  readonly lastEpoch: number
  readonly isPaused: boolean
  /** Changes whenever what was fetched so far is no longer wanted. */
  readonly era: number
}

/**
 * Which partitions are read, and where each of them stands. Whoever fetches notes the era with its question and gives it back
 * with the answer: an answer of a former era is stale.
 */
export class PartitionPositions {
  /** Those that got something last come last, so that no partition starves behind others that fill every answer. */
  private readonly positions = new Map<number, PartitionPosition>()
  private readonly topic: string
  private eras = 0

  constructor(topic: string) {
    this.topic = topic
  }

  get(partition: number): PartitionPosition | undefined {
    return this.positions.get(partition)
  }

  all(): Iterable<PartitionPosition> {
    return this.positions.values()
  }

  get size(): number {
    return this.positions.size
  }

  /** Adds partitions, or moves those that are there. */
  assign(offsets: ReadonlyMap<number, number>): void {
    for (const [partition, position] of offsets) {
      const isPaused = this.positions.get(partition)?.isPaused ?? false
      this.positions.set(partition, { partition, position, ahead: position, lastEpoch: -1, isPaused, era: ++this.eras })
    }
  }

  release(partitions: Iterable<number>): void {
    for (const partition of partitions) this.positions.delete(partition)
  }

  /** @throws WindsockError `usage` for a partition that is not read; then none is moved */
  seek(offsets: ReadonlyMap<number, number>): void {
    const unknown = [...offsets.keys()].filter((partition) => !this.positions.has(partition))
    if (unknown.length > 0) throw new WindsockError('usage', `${this.topic}/${unknown.join(', ')} is not being read`)
    this.assign(offsets)
  }

  /** What was fetched is forgotten, and fetched again when reading goes on. */
  pause(partitions: Iterable<number>): void {
    for (const partition of partitions) {
      if (this.positions.get(partition)?.isPaused === false) this.forgetFetched(partition, { isPaused: true })
    }
  }

  resume(partitions: Iterable<number>): void {
    for (const partition of partitions) this.change(partition, { isPaused: false })
  }

  /** So much of it has arrived. */
  fetched(partition: number, ahead: number, lastEpoch: number): void {
    this.change(partition, { ahead, lastEpoch })
    const position = this.positions.get(partition)
    if (position === undefined) return
    this.positions.delete(partition)
    this.positions.set(partition, position)
  }

  /** So much of it was handed out. */
  handedOut(partition: number, position: number): void {
    this.change(partition, { position })
  }

  /** Nobody holds what was fetched any more: it is to be fetched again. */
  forgetAllFetched(): void {
    for (const partition of Array.from(this.positions.keys())) this.forgetFetched(partition)
  }

  private forgetFetched(partition: number, changes: Partial<PartitionPosition> = {}): void {
    const at = this.positions.get(partition)
    // The epoch belongs to the offset behind what was fetched, so it goes as well.
    if (at !== undefined) this.change(partition, { ahead: at.position, lastEpoch: -1, era: ++this.eras, ...changes })
  }

  private change(partition: number, changes: Partial<PartitionPosition>): void {
    const at = this.positions.get(partition)
    if (at !== undefined) this.positions.set(partition, { ...at, ...changes })
  }
}
