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
 * the records of the next one are already sent under the other. They are sent once those before them are acknowledged, so the
 * logs have the order of the calls, and committed once those before them are, so that no crash commits the later and not the
 * earlier.
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

  constructor(cluster: Cluster, memory: BatchMemory, id: string, options: TransactionOptions = {}) {
    const { timeoutMs = 60_000, writesTo = [] } = options
    this.closed = this.closing.signal
    this.id = id
    this.writesTo = writesTo
    const create = (turn: string): TransactionalProducer =>
      new TransactionalProducer(cluster, memory, `${id}-${turn}`, timeoutMs, () => this.failure, this.closing)
    this.first = this.current = create('a')
    this.second = this.next = create('b')
  }

  /** Of two that open at the same time, the one that is fenced in its first transaction commits nothing. */
  open(): Promise<void> {
    this.current = this.first
    this.next = this.second
    this.isEmpty = true
    return this.alone(async () => {
      await this.first.own(this.writesTo)
      await this.second.own(this.writesTo)
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
    const [settled, begun] = [ending.barrier(), next.barrier()]
    const release = await settled
    try {
      const begin = await begun // by now the commit before this one is done
      const { failure } = this
      begin()
      this.refuseFailed(failure)
      await ending.end('commit')
    } finally {
      release()
    }
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
    })
  }

  async close(): Promise<void> {
    if (this.closed.aborted) return
    await Promise.all([this.first.close(), this.second.close()])
  }

  /** Why nothing can be committed before `abort`. */
  private get failure(): WindsockError | undefined {
    return this.first.failure ?? this.second.failure
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
