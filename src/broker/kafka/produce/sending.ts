import type { WindsockError } from '../../../foundation/errors.ts'
import type { OutgoingRecord } from '../../broker.ts'

/** One call of `send` on its way: settled when all of its records are encoded and every batch with one of them is settled. */
export class Sending {
  readonly topic: string
  readonly records: readonly OutgoingRecord[]
  readonly settled: Promise<void>
  /** The first record that is not in a batch yet. */
  next = 0
  private readonly resolve: () => void
  private readonly reject: (error: WindsockError) => void
  private batches = 0
  private error: WindsockError | undefined

  constructor(topic: string, records: readonly OutgoingRecord[]) {
    this.topic = topic
    this.records = records
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.settled = promise
    this.resolve = resolve
    this.reject = reject
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
    this.next = this.records.length
    this.settle()
  }

  private settle(): void {
    if (this.batches > 0 || this.next < this.records.length) return
    if (this.error === undefined) this.resolve()
    else this.reject(this.error)
  }
}
