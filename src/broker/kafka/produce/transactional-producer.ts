import { WindsockError } from '../../../foundation/errors.ts'
import type { PackedOutgoing } from '../../../model/packed-records.ts'
import type { OutgoingRecord, WrittenTo } from '../../broker.ts'
import { translateKafkaError } from '../kafka-errors.ts'
import type { Author, TopicPartition } from './author.ts'
import type { BatchMemory } from './batch-memory.ts'
import type { Cluster } from './cluster.ts'
import type { ProducerId } from './lane.ts'
import { backOff, patiently } from './patience.ts'
import { Sender } from './sender.ts'
import { isDisowned, isDisownedCode, type Outcome, TransactionCoordinator } from './transaction-coordinator.ts'
import { findPartitions, findUnfinished, writeEnd } from './unfinished.ts'

/** A transaction that the coordinator has ended, though its end may not be in the logs. */
interface Ended {
  readonly outcome: Outcome
  readonly partitions: readonly TopicPartition[]
  readonly beganMs: number
  /** What `Cluster.troubles` was when it began. */
  readonly troubles: number
}

/** Less than a broker may be silent before its partitions are taken for leaderless. */
const certainMs = 1_000

/**
 * A transactional id and its transactions, one after the other. Its epoch is given only by the coordinator; while records wait,
 * nothing of it is guessed.
 *
 * A coordinator that finds a partition without a leader takes it for deleted, and the transaction for ended there, too
 * (KAFKA-20734): its records wait for the end of the next one and share its fate. So after trouble, or when time has gone by,
 * the partitions are asked, and where the end is missing it is written once more.
 */
export class TransactionalProducer {
  /** Why the transaction cannot be committed. */
  failure: WindsockError | undefined
  private readonly cluster: Cluster
  private readonly id: string
  private readonly coordinator: TransactionCoordinator
  private readonly sender: Sender
  private readonly closing: AbortSignal
  private readonly spoiled: () => WindsockError | undefined
  /** Undefined before `own`. */
  private producer: ProducerId | undefined
  /** By name, partitions that may be part of the transaction: named to the coordinator, though perhaps not heard. */
  private readonly named = new Map<string, TopicPartition>()
  /** Those that got records; of the last transaction, until the next one has some. */
  private readonly used = new Map<string, TopicPartition>()
  private hasRecords = false
  private adding: Promise<void> | undefined
  private startedMs: number | undefined
  private troubles = 0
  /** The last transaction, while its end may be missing in a log. As long as it is there, no log has anything of the next. */
  private last: Ended | undefined
  private readonly examining: NodeJS.Timeout
  private asked = 0

  /**
   * @param spoiled why nothing can be sent, where there is a reason beside `failure`
   * @param closing aborted by `close`: what fails from then on is not tried again
   */
  constructor(
    cluster: Cluster,
    memory: BatchMemory,
    id: string,
    timeoutMs: number,
    spoiled: () => WindsockError | undefined,
    closing: AbortController,
  ) {
    this.cluster = cluster
    this.id = id
    this.spoiled = spoiled
    this.closing = closing.signal
    const author: Author = {
      transactionalId: id,
      prepare: (partitions) => this.prepare(partitions),
      explain: async (errorCode) => (isDisownedCode(errorCode) ? this.whyRefused() : undefined),
      failed: (error) => {
        if (this.producer !== undefined) this.failure ??= error
      },
    }
    this.coordinator = new TransactionCoordinator(cluster, id, timeoutMs, closing.signal)
    this.sender = new Sender(cluster, memory, author, closing)
    this.examining = setTimeout(() => void this.examine(), certainMs).unref()
  }

  send(topic: string, records: readonly OutgoingRecord[]): Promise<void> {
    return this.sender.send(topic, records)
  }

  sendPacked(topic: string, records: PackedOutgoing): Promise<void> {
    return this.sender.sendPacked(topic, records)
  }

  /** See `Sender.barrier`. */
  barrier(): Promise<() => void> {
    return this.sender.barrier()
  }

  /** See `Sender.takeTurnsWith`. */
  takeTurnsWith(other: TransactionalProducer): void {
    this.sender.takeTurnsWith(other.sender)
  }

  get turn(): number {
    return this.sender.turn
  }

  set turn(turn: number) {
    this.sender.turn = turn
  }

  /**
   * Becomes the owner of the id, whoever was before, and sees to the end of what that one had ended.
   *
   * @param writesTo where that may be missing
   */
  async own(writesTo: readonly WrittenTo[]): Promise<void> {
    await this.asking(async () => {
      // First: while a partition cannot be asked, the coordinator should remember how the last transaction ended.
      const partitions = await findPartitions(this.cluster, writesTo, this.closing)
      const { producer, last } = await this.coordinator.own()
      const outcome = last ?? this.last?.outcome ?? 'abort'
      this.producer = producer
      this.forget()
      this.failure = undefined
      this.last = { outcome, partitions, beganMs: -Infinity, troubles: this.cluster.troubles }
      await this.seeToEnd(producer)
    })
  }

  /**
   * Begins a transaction with the partitions of another one, in one question and before there are records for them: while they
   * wait for something else, this does not take them any longer.
   */
  beginLike({ used }: TransactionalProducer): void {
    const { producer } = this
    if (producer === undefined || this.refusal !== undefined || this.asked > 0) return
    if (this.named.size > 0 || used.size === 0) return
    this.adding = this.add(producer, [...used.values()])
    this.adding.catch(() => {}) // the first request waits for it
  }

  /** Ends the transaction, where there is one. An answer that was lost is asked for again. */
  async end(outcome: Outcome): Promise<void> {
    const { producer } = this
    if (producer === undefined || this.named.size === 0) return
    await this.adding?.catch(() => {})
    const { last, startedMs = -Infinity, troubles } = this
    const ended: Ended = {
      outcome: last?.outcome ?? outcome,
      partitions: [...(last?.partitions ?? []), ...this.named.values()],
      beganMs: last?.beganMs ?? startedMs,
      troubles: last?.troubles ?? troubles,
    }
    await this.asking(async () => {
      try {
        await this.coordinator.end(producer, ended.outcome)
      } catch (error) {
        // Where no partition was heard of, no transaction has begun that could be aborted.
        const isNothing = outcome === 'abort' && isDisowned(error) && (await this.whyRefused()) === undefined
        if (!isNothing) throw error
      }
    })
    this.last = ended
    this.examining.refresh()
    this.forget()
  }

  /**
   * Goes on after an error. Of a batch that was given up nobody knows whether the log has it, and of a commit neither: numbers
   * are counted anew, in an epoch of their own.
   *
   * @throws WindsockError `fenced` when somebody else has become the owner since
   */
  async recover(): Promise<void> {
    await this.end('abort')
    const { producer, last } = this
    if (producer !== undefined) {
      await this.asking(async () => {
        // Of a commit whose answer was lost, only the coordinator knows whether it was done; in a new epoch it forgets it.
        const known = await this.coordinator.ended()
        if (last !== undefined) this.last = { ...last, outcome: known ?? last.outcome }
        if (last !== undefined && !this.isCertain(last)) await this.seeToEnd(producer)
        this.producer = (await this.coordinator.own(producer)).producer
      })
    }
    this.forget()
    this.failure = undefined
  }

  async close(): Promise<void> {
    clearTimeout(this.examining)
    await this.sender.close()
    const isOurs = this.failure?.code !== 'fenced' && this.failure?.code !== 'transaction-lost'
    if (isOurs) await this.end('abort').catch(() => {}) // else the next owner does it, or the timeout
  }

  private get refusal(): WindsockError | undefined {
    return this.failure ?? this.spoiled()
  }

  private prepare(partitions: readonly TopicPartition[]): ProducerId | Promise<ProducerId> {
    const { producer } = this
    if (producer === undefined) throw new WindsockError('usage', `the transactions of ${this.id} are not open`)
    const { refusal } = this
    if (refusal !== undefined) throw refusal
    if (!this.hasRecords) this.used.clear()
    this.hasRecords = true
    for (const each of partitions) this.used.set(nameOf(each), { topic: each.topic, partition: each.partition })
    return this.adding === undefined && partitions.every((each) => this.named.has(nameOf(each)))
      ? producer
      : this.addMissing(producer, partitions)
  }

  private async addMissing(producer: ProducerId, partitions: readonly TopicPartition[]): Promise<ProducerId> {
    await this.adding
    this.adding = undefined
    const added = partitions.filter((each) => !this.named.has(nameOf(each)))
    if (added.length > 0) await this.add(producer, added)
    return producer
  }

  private add(producer: ProducerId, partitions: readonly TopicPartition[]): Promise<void> {
    const isFirst = this.named.size === 0
    this.name(partitions)
    const { last } = this
    return this.asking(async () => {
      if (isFirst && last !== undefined) await this.begin(producer, partitions, last)
      else await this.coordinator.addPartitions(producer, partitions)
    })
  }

  /** Begins a transaction as soon as the end of the last one is where it belongs. */
  private async begin(producer: ProducerId, partitions: readonly TopicPartition[], last: Ended): Promise<void> {
    // What is accepted tells that the coordinator has nothing more to do for the last one.
    const isBegun = await this.coordinator.addPartitions(producer, partitions, () => this.isCertain(last))
    if (isBegun && this.isCertain(last)) {
      this.last = undefined
      return
    }
    // A new owner takes what is begun for the last one, and its outcome for an abort.
    if (isBegun) await this.coordinator.end(producer, last.outcome) // nothing is in it yet
    await this.coordinator.ended()
    await this.seeToEnd(producer)
    await this.coordinator.addPartitions(producer, partitions)
  }

  private name(partitions: readonly TopicPartition[]): void {
    if (this.named.size === 0) {
      this.startedMs = performance.now()
      this.troubles = this.cluster.troubles
    }
    for (const { topic, partition } of partitions) this.named.set(nameOf({ topic, partition }), { topic, partition })
  }

  private isCertain({ partitions, beganMs, troubles }: Ended): boolean {
    return (
      this.cluster.troubles === troubles &&
      performance.now() - beganMs < certainMs &&
      !partitions.some(({ topic }) => this.cluster.isFragile(topic))
    )
  }

  /** When nothing follows for a while: readers of committed records should not wait for it. */
  private async examine(): Promise<void> {
    const release = await this.sender.barrier()
    const { producer, last } = this
    if (producer !== undefined && last !== undefined && this.named.size === 0 && this.refusal === undefined) {
      const work = async (): Promise<void> => {
        await this.coordinator.ended()
        await this.seeToEnd(producer)
      }
      await this.asking(work).catch(() => {}) // the next call says it
    }
    release()
  }

  /** Writes the end of the last transaction where it is missing, until it is nowhere; the coordinator has done its part. */
  private async seeToEnd(producer: ProducerId): Promise<void> {
    for (let attempt = 0; this.last !== undefined; attempt++) {
      const { outcome, partitions } = this.last
      const unfinished = await findUnfinished(this.cluster, producer, partitions, this.closing)
      if (unfinished.length === 0) {
        this.last = undefined
        return
      }
      if (attempt > 0) await backOff(attempt, this.closing)
      if (this.closing.aborted)
        throw new WindsockError('broker-unreachable', `the transactions of ${this.id} are closed`)
      await patiently(() => writeEnd(this.cluster, producer.id, outcome === 'commit', unfinished), this.closing)
    }
  }

  private forget(): void {
    this.named.clear()
    this.hasRecords = false
    this.adding = undefined
    this.startedMs = undefined
  }

  private async whyRefused(): Promise<WindsockError | undefined> {
    return this.producer === undefined ? undefined : this.coordinator.whyRefused(this.producer, this.startedMs)
  }

  /**
   * No transaction survives an error. Where it is a commit's, nobody knows whether that was done: whatever was sent after it
   * might still become part of it.
   */
  private async asking(question: () => Promise<void>): Promise<void> {
    this.asked++
    try {
      await question()
    } catch (error) {
      const known = isDisowned(error) ? await this.whyRefused() : undefined
      const translated = known ?? translateKafkaError(error, `transactions of ${this.id}`, this.cluster.options.brokers)
      this.failure ??= translated
      throw translated
    } finally {
      this.asked--
    }
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}
