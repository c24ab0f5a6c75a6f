import { WindsockError } from '../../foundation/errors.ts'
import type { PackedOutgoing } from '../../model/packed-records.ts'
import type { OutgoingRecord, TransactionOptions, Transactions } from '../broker.ts'
import { translateKafkaError } from './kafka-errors.ts'
import type { Author, TopicPartition } from './produce/author.ts'
import type { BatchMemory } from './produce/batch-memory.ts'
import type { Cluster } from './produce/cluster.ts'
import type { ProducerId } from './produce/lane.ts'
import { Sender } from './produce/sender.ts'
import { isDisowned, isDisownedCode, TransactionCoordinator } from './produce/transaction-coordinator.ts'

/**
 * Transactions fenced by the broker: every owner has an epoch of its own, a new owner's makes the coordinator and the leaders
 * refuse the ones before it. Ours is given only by the coordinator; while records wait, nothing of it is guessed.
 */
export class KafkaTransactions implements Transactions {
  /** Aborts when it is closed. */
  readonly closed: AbortSignal
  private readonly cluster: Cluster
  private readonly id: string
  private readonly coordinator: TransactionCoordinator
  private readonly sender: Sender
  private readonly closing = new AbortController()
  /** Undefined before `open`. */
  private producer: ProducerId | undefined
  /** Partitions that may be part of the transaction: named to the coordinator, though perhaps not heard. */
  private readonly named = new Set<string>()
  private startedMs: number | undefined
  /** Why the transaction cannot be committed. */
  private failure: WindsockError | undefined

  constructor(cluster: Cluster, memory: BatchMemory, id: string, options: TransactionOptions = {}) {
    this.closed = this.closing.signal
    this.cluster = cluster
    this.id = id
    const author: Author = {
      transactionalId: id,
      prepare: (partitions) => this.prepare(partitions),
      explain: async (errorCode) => (isDisownedCode(errorCode) ? this.whyRefused() : undefined),
      failed: (error) => {
        if (this.producer !== undefined) this.failure ??= error
      },
    }
    this.coordinator = new TransactionCoordinator(cluster, id, options.timeoutMs ?? 60_000, this.closing.signal)
    this.sender = new Sender(cluster, memory, author, this.closing)
  }

  open(): Promise<void> {
    return this.inTurn(async () => {
      this.producer = await this.coordinator.own()
      this.forget()
    })
  }

  send(topic: string, records: readonly OutgoingRecord[]): Promise<void> {
    return this.sender.send(topic, records)
  }

  sendPacked(topic: string, records: PackedOutgoing): Promise<void> {
    return this.sender.sendPacked(topic, records)
  }

  commit(): Promise<void> {
    return this.inTurn(async () => {
      if (this.failure !== undefined) throw this.failure
      await this.end('commit')
    })
  }

  abort(): Promise<void> {
    return this.inTurn(async () => {
      const { failure, producer } = this
      if (failure?.code === 'fenced') throw failure
      if (failure?.code === 'transaction-lost' || producer === undefined) return
      await this.end('abort')
      if (failure === undefined) return
      // Of a batch that was given up nobody knows whether the log has it: numbers are counted anew, in an epoch of their own.
      this.producer = await this.coordinator.own(producer)
      this.forget()
    })
  }

  async close(): Promise<void> {
    if (this.closed.aborted) return
    await this.sender.close()
    const isOurs = this.failure?.code !== 'fenced' && this.failure?.code !== 'transaction-lost'
    if (isOurs) await this.end('abort').catch(() => {}) // else the next owner does it, or the timeout
  }

  /** Runs when all that was called before is done, and holds back what is called after. */
  private async inTurn(work: () => Promise<void>): Promise<void> {
    if (this.closed.aborted) throw new WindsockError('broker-unreachable', `the transactions of ${this.id} are closed`)
    const release = await this.sender.barrier()
    try {
      await work()
    } catch (error) {
      throw await this.translate(error)
    } finally {
      release()
    }
  }

  private prepare(partitions: readonly TopicPartition[]): ProducerId | Promise<ProducerId> {
    const { producer } = this
    if (producer === undefined) throw new WindsockError('usage', `the transactions of ${this.id} are not open`)
    if (this.failure !== undefined) throw this.failure
    const added = partitions.filter(({ topic, partition }) => !this.named.has(`${topic}/${partition}`))
    return added.length === 0 ? producer : this.addPartitions(producer, added)
  }

  private async addPartitions(producer: ProducerId, added: readonly TopicPartition[]): Promise<ProducerId> {
    this.startedMs ??= performance.now()
    for (const { topic, partition } of added) this.named.add(`${topic}/${partition}`)
    try {
      await this.coordinator.addPartitions(producer, added)
    } catch (error) {
      throw await this.translate(error)
    }
    return producer
  }

  private async end(outcome: 'commit' | 'abort'): Promise<void> {
    if (this.producer === undefined || this.named.size === 0) return
    try {
      await this.coordinator.end(this.producer, outcome)
    } catch (error) {
      // Where no partition was heard of, no transaction has begun that could be aborted.
      const isNothing = outcome === 'abort' && isDisowned(error) && (await this.whyRefused()) === undefined
      if (!isNothing) throw error
    }
    this.named.clear()
    this.startedMs = undefined
  }

  private forget(): void {
    this.named.clear()
    this.startedMs = undefined
    this.failure = undefined
  }

  private async whyRefused(): Promise<WindsockError | undefined> {
    return this.producer === undefined ? undefined : this.coordinator.whyRefused(this.producer, this.startedMs)
  }

  /**
   * No transaction survives an error. Where it is a commit's, nobody knows whether that was done: whatever was sent after it
   * might still become part of it.
   */
  private async translate(error: unknown): Promise<WindsockError> {
    const known = isDisowned(error) ? await this.whyRefused() : undefined
    const translated = known ?? translateKafkaError(error, `transactions of ${this.id}`, this.cluster.options.brokers)
    this.failure ??= translated
    return translated
  }
}
