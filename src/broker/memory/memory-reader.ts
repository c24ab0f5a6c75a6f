import { WindsockError } from '../../foundation/errors.ts'
import type { PackedRecords } from '../../model/packed-records.ts'
import type { Batch, IncomingRecord, Reader, ReadOptions } from '../broker.ts'
import { type PartitionPosition, PartitionPositions } from '../partition-positions.ts'
import { packRecords } from './pack-records.ts'

const batchRecordsMax = 2_000

/** One partition as a reader sees it. */
export interface LogPartition {
  /** The first offset that is held, and the one the next record gets. */
  readonly start: number
  readonly end: number
  /** By rising offset; compaction leaves gaps. */
  readonly records: readonly IncomingRecord[]
  /** The first offset of every transaction that is under way here. */
  readonly ongoing: ReadonlyMap<object, number>
  /** The offsets of records whose transaction was aborted. */
  readonly aborted: ReadonlySet<number>
}

/** What a reader asks of the log. */
export interface ReadableLog {
  /** @throws WindsockError `topic-missing` */
  partitionsOf(topic: string): { readonly id: string; readonly partitions: readonly LogPartition[] }
  readonly isOpen: boolean
  committed(group: string, topic: string): Promise<ReadonlyMap<number, number>>
  /** Resolves when anything has changed. */
  changed(): Promise<void>
  wake(): void
}

/** Reads the in-process log. */
export class MemoryReader implements Reader {
  private readonly log: ReadableLog
  private readonly options: ReadOptions
  private readonly positions: PartitionPositions
  private topicId: string | undefined
  private isOpen = true

  constructor(log: ReadableLog, options: ReadOptions) {
    this.log = log
    this.options = options
    this.positions = new PartitionPositions(options.topic)
    if (options.partitions === 'assigned') this.positions.assign(assignedIn(options))
  }

  pause(partitions: Iterable<number>): void {
    this.positions.pause(partitions)
  }

  resume(partitions: Iterable<number>): void {
    this.positions.resume(partitions)
    this.log.wake()
  }

  seek(positions: ReadonlyMap<number, number>): void {
    this.positions.seek(positions)
    this.log.wake()
  }

  assign(positions: ReadonlyMap<number, number>): void {
    this.positions.assign(positions)
    this.log.wake()
  }

  release(partitions: Iterable<number>): void {
    this.positions.release(partitions)
    this.log.wake()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch> {
    const { topic: name, signal } = this.options
    const stop = (): void => this.log.wake()
    signal.addEventListener('abort', stop)
    try {
      const { id } = this.log.partitionsOf(name)
      if (this.topicId === undefined && this.options.partitions !== 'assigned') {
        this.positions.assign(await this.startPositions())
      }
      this.topicId ??= id
      while (this.goesOn()) {
        const topic = this.log.partitionsOf(name)
        if (topic.id !== this.topicId) throw new WindsockError('position-lost', `topic ${name} was made anew`)
        let isIdle = true
        for (const { partition } of Array.from(this.positions.all())) {
          const batch = this.batchOf(topic.partitions, partition)
          if (batch === undefined) continue
          isIdle = false
          this.positions.handedOut(partition, batch.next)
          yield batch
          batch.giveBack()
          if (!this.goesOn()) return
        }
        if (this.isDone()) return
        if (isIdle) await this.log.changed()
      }
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  async close(): Promise<void> {
    this.isOpen = false
    this.log.wake()
  }

  private goesOn(): boolean {
    return this.log.isOpen && this.isOpen && !this.options.signal.aborted
  }

  private isDone(): boolean {
    const { until, partitions } = this.options
    if (until === undefined || (partitions === 'assigned' && this.positions.size === 0)) return false
    return [...this.positions.all()].every(({ partition, position }) => position >= (until.get(partition) ?? 0))
  }

  private async startPositions(): Promise<Map<number, number>> {
    const { topic, start, group } = this.options
    const committed = start === 'committed' ? await this.log.committed(group ?? '', topic) : undefined
    return new Map(
      this.log.partitionsOf(topic).partitions.map(({ start: first, end, records }, partition) => {
        if (start === 'latest') return [partition, end]
        if (typeof start === 'object' && 'timestamp' in start) {
          return [partition, records.find(({ timestamp }) => timestamp >= start.timestamp)?.offset ?? end]
        }
        const wanted = typeof start === 'string' ? committed?.get(partition) : start.get(partition)
        if (wanted !== undefined && (wanted < first || wanted > end)) {
          throw new WindsockError(
            'position-lost',
            `${topic}/${partition} holds offsets ${first} to ${end}, not ${wanted}`,
          )
        }
        return [partition, wanted ?? first]
      }),
    )
  }

  private batchOf(partitions: readonly LogPartition[], partition: number): MemoryBatch | undefined {
    const { topic, until, isolation } = this.options
    const at = this.positions.get(partition)
    if (at === undefined || at.isPaused) return undefined
    const log = partitions[partition]
    if (log === undefined) throw new WindsockError('position-lost', `topic ${topic} has no partition ${partition}`)
    const isCommittedOnly = isolation === 'committed'
    const end = isCommittedOnly ? stableEndOf(log) : log.end
    const to = Math.min(end, until === undefined ? Infinity : (until.get(partition) ?? 0))
    if (at.position < log.start || at.position > log.end) throw this.lost(at, log)
    if (to <= at.position) return undefined
    const first = indexOf(log.records, at.position)
    const behind = indexOf(log.records, to)
    const all = log.records.slice(first, Math.min(first + batchRecordsMax, behind))
    const next = first + all.length >= behind ? to : (all.at(-1)?.offset ?? to - 1) + 1
    const records = isCommittedOnly ? all.filter(({ offset }) => !log.aborted.has(offset)) : all
    return new MemoryBatch(this.options, partition, records, next, end)
  }

  private lost({ partition, position }: PartitionPosition, { start, end }: LogPartition): WindsockError {
    return new WindsockError(
      'position-lost',
      `${this.options.topic}/${partition} holds offsets ${start} to ${end}, and no longer ${position}`,
    )
  }
}

class MemoryBatch implements Batch {
  readonly topic: string
  readonly partition: number
  readonly records: readonly IncomingRecord[]
  readonly next: number
  readonly end: number
  private readonly options: ReadOptions
  private made: PackedRecords | undefined
  private piece: Uint8Array | undefined

  constructor(options: ReadOptions, partition: number, records: readonly IncomingRecord[], next: number, end: number) {
    this.options = options
    this.topic = options.topic
    this.partition = partition
    this.records = records
    this.next = next
    this.end = end
  }

  get packed(): PackedRecords {
    this.made ??= packRecords(this.records, (bytes) => {
      this.piece = this.options.memory?.take(bytes)
      return this.piece ?? new Uint8Array(bytes)
    })
    return this.made
  }

  giveBack(): void {
    if (this.piece !== undefined) this.options.memory?.giveBack(this.piece)
    this.piece = undefined
  }
}

function assignedIn({ start }: ReadOptions): ReadonlyMap<number, number> {
  if (typeof start === 'object' && !('timestamp' in start)) return start
  throw new WindsockError('usage', 'a reader of assigned partitions starts at given offsets')
}

/** The index of the first record at or behind an offset. */
export function indexOf(records: readonly IncomingRecord[], offset: number): number {
  let low = 0
  let high = records.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((records[middle]?.offset ?? Infinity) < offset) low = middle + 1
    else high = middle
  }
  return low
}

/** Below it, every transaction has ended. */
export function stableEndOf(log: LogPartition): number {
  return Math.min(log.end, ...log.ongoing.values())
}
