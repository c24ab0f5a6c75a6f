import { WindsockError } from '../../foundation/errors.ts'
import type { PackedOutgoing } from '../../model/packed-records.ts'
import type { OutgoingRecord, TransactionOptions, Transactions, WrittenTo } from '../broker.ts'
import type { BatchMemory } from './produce/batch-memory.ts'
import type { Cluster } from './produce/cluster.ts'
import { TransactionalProducer } from './produce/transactional-producer.ts'

/**
 * Transactions fenced by the broker: every owner has an epoch of its own, a new owner's makes the coordinator and the leaders
 * refuse the ones before it.
 *
 * Two ids take turns: while the transaction of one is being committed, which takes some round trips and the broker's markers,
 * the records of the next one are already sent under the other: each partition's once those before them are acknowledged, so
 * that its log has the order of the calls. They are committed once those before them are, so that no crash commits the later
 * and not the earlier.
 */
export class KafkaTransactions implements Transactions {
  /** Aborts when it is closed. */
  readonly closed: AbortSignal
  private readonly id: string
  private readonly writesTo: readonly WrittenTo[]
  private readonly closing = new AbortController()
  private readonly first: TransactionalProducer
  private readonly second: TransactionalProducer
  /** The one whose transaction is under way, and the one whose turn is next. */
  private current: TransactionalProducer
  private next: TransactionalProducer
  private isEmpty = true
  /** The end of the last commit, however it went. */
  private committing: Promise<unknown> = Promise.resolve()
  /** Why nothing can be committed before `abort`, though it may be no fault of the transaction under way. */
  private failed: WindsockError | undefined

  constructor(cluster: Cluster, memory: BatchMemory, id: string, options: TransactionOptions = {}) {
    const { timeoutMs = 60_000, writesTo = [] } = options
    this.closed = this.closing.signal
    this.id = id
    this.writesTo = writesTo
    const create = (turn: string): TransactionalProducer =>
      new TransactionalProducer(cluster, memory, `${id}-${turn}`, timeoutMs, () => this.failed, this.closing)
    this.first = this.current = create('a')
    this.second = this.next = create('b')
    this.first.takeTurnsWith(this.second)
    this.second.takeTurnsWith(this.first)
  }

  /** Of two that open at the same time, the one that is fenced in its first transaction commits nothing. */
  open(): Promise<void> {
    this.current = this.first
    this.next = this.second
    this.isEmpty = true
    return this.alone(async () => {
      this.first.turn = 0
      this.second.turn = 1
      await this.first.own(this.writesTo)
      await this.second.own(this.writesTo)
      this.failed = undefined
    })
  }

  send(topic: string, records: readonly OutgoingRecord[]): Promise<void> {
    const sent = this.current.send(topic, records)
    this.afterSend()
    return sent
  }

  sendPacked(topic: string, records: PackedOutgoing): Promise<void> {
    const sent = this.current.sendPacked(topic, records)
    this.afterSend()
    return sent
  }

  async commit(): Promise<void> {
    if (this.isEmpty) return this.alone(async () => this.refuseFailed(this.failure))
    this.refuseClosed()
    const { current: ending, next } = this
    this.current = next
    this.next = ending
    this.isEmpty = true
    const committed = this.commitAfter(this.committing, ending)
    this.committing = committed.catch(() => {})
    return committed
  }

  abort(): Promise<void> {
    this.isEmpty = true
    return this.alone(async () => {
      const { failure } = this
      if (failure?.code === 'fenced') throw failure
      if (failure?.code === 'transaction-lost') return
      for (const producer of [this.first, this.second]) {
        await (failure === undefined ? producer.end('abort') : producer.recover())
      }
      this.failed = undefined
    })
  }

  async close(): Promise<void> {
    if (this.closed.aborted) return
    await Promise.all([this.first.close(), this.second.close()])
  }

  private get failure(): WindsockError | undefined {
    return this.failed ?? this.first.failure ?? this.second.failure
  }

  private async commitAfter(before: Promise<unknown>, ending: TransactionalProducer): Promise<void> {
    const release = await ending.barrier()
    try {
      await before
      this.refuseFailed(this.failed ?? ending.failure)
      await ending.end('commit')
    } catch (error) {
      if (error instanceof WindsockError) this.failed ??= error
      throw error
    } finally {
      ending.turn += 2
      release()
    }
  }

  private afterSend(): void {
    this.isEmpty = false
    this.current.beginLike(this.next)
  }

  /** Runs when all that was called before is done, and holds back what is called after. */
  private async alone(work: () => Promise<void>): Promise<void> {
    this.refuseClosed()
    const barriers = [this.first.barrier(), this.second.barrier()]
    const releases = await Promise.all(barriers)
    try {
      await work()
    } finally {
      for (const release of releases) release()
    }
  }

  private refuseFailed(failure: WindsockError | undefined): void {
    if (failure !== undefined) throw failure
  }

  private refuseClosed(): void {
    if (this.closed.aborted) throw new WindsockError('broker-unreachable', `the transactions of ${this.id} are closed`)
  }
}
