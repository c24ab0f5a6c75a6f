import type { WindsockError } from '../../../foundation/errors.ts'
import { keepOutgoing, type PackedOutgoing } from '../../../model/packed-records.ts'
import type { OutgoingRecord } from '../../broker.ts'
import type { RecordBatch } from './record-batch.ts'

/** Where the records of one call come from, one after the other. */
interface RecordSource {
  /** How many are not in a batch yet. */
  readonly left: number
  /** Where the next one is to go. */
  partition(partitionOf: (key: string | Uint8Array) => number): number
  /** Puts the next one into the batch, or several that go to the same partition; false when not even one has room. */
  putInto(batch: RecordBatch): boolean
  /** Has memory of its own from now on. */
  keep(): void
}

/** One call of `send` on its way: settled when all of its records are encoded and every batch with one of them is settled. */
export class Sending {
  readonly topic: string
  readonly settled: Promise<void>
  private source: RecordSource
  private readonly resolve: () => void
  private readonly reject: (error: WindsockError) => void
  private batches = 0
  private error: WindsockError | undefined

  constructor(topic: string, records: readonly OutgoingRecord[] | PackedOutgoing) {
    this.topic = topic
    this.source = 'spans' in records ? new PackedSource(records) : new ObjectSource(records)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.settled = promise
    this.resolve = resolve
    this.reject = reject
  }

  /** Whether no record is left that is not in a batch. */
  get isEncoded(): boolean {
    return this.source.left === 0
  }

  partition(partitionOf: (key: string | Uint8Array) => number): number {
    return this.source.partition(partitionOf)
  }

  putInto(batch: RecordBatch): boolean {
    return this.source.putInto(batch)
  }

  /** What it was given may be used for something else afterwards. */
  keep(): void {
    this.source.keep()
  }

  /** A record of it is the first one in a batch that it was not in before. */
  join(): void {
    this.batches++
  }

  /** A batch is acknowledged, or given up for a reason; then what is not in a batch yet stays behind. */
  leave(error: WindsockError | undefined): void {
    this.batches--
    if (error !== undefined) this.fail(error)
    this.settle()
  }

  fail(error: WindsockError): void {
    this.error ??= error
    this.source = new ObjectSource([])
    this.settle()
  }

  private settle(): void {
    if (this.batches > 0 || !this.isEncoded) return
    if (this.error === undefined) this.resolve()
    else this.reject(this.error)
  }
}

class ObjectSource implements RecordSource {
  private readonly records: readonly OutgoingRecord[]
  private next = 0

  constructor(records: readonly OutgoingRecord[]) {
    this.records = records
  }

  get left(): number {
    return this.records.length - this.next
  }

  partition(partitionOf: (key: string | Uint8Array) => number): number {
    const record = this.records[this.next]
    return record === undefined ? -1 : (record.partition ?? partitionOf(record.key))
  }

  putInto(batch: RecordBatch): boolean {
    const record = this.records[this.next]
    if (record === undefined || !batch.put(record)) return false
    this.next++
    return true
  }

  keep(): void {}
}

class PackedSource implements RecordSource {
  private records: PackedOutgoing
  private next = 0

  constructor(records: PackedOutgoing) {
    this.records = records
  }

  get left(): number {
    return this.records.length - this.next
  }

  partition(): number {
    return this.records.partitions[this.next] ?? -1
  }

  putInto(batch: RecordBatch): boolean {
    const put = batch.putPacked(this.records, this.next)
    this.next += put
    return put > 0
  }

  keep(): void {
    if (this.left === 0) return
    this.records = keepOutgoing(this.records, this.next)
    this.next = 0
  }
}
