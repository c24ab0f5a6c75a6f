import type { WindsockError } from '../../../foundation/errors.ts'
import type { Compression } from '../client-settings.ts'
import type { BatchMemory } from './batch-memory.ts'
import { type BatchNumbers, RecordBatch } from './record-batch.ts'
import type { Sending } from './sending.ts'

/** By what the broker knows a producer, and its older selves. */
export interface ProducerId {
  readonly id: bigint
  readonly epoch: number
}

/** Sequences go on at 0 after this one. */
const sequenceMax = 0x7fffffff
const epochMax = 0x7fff

interface PendingBatch {
  readonly batch: RecordBatch
  readonly sendings: Sending[]
  /** Of the encoded records, before compression. */
  bytes: number
  numbers: BatchNumbers | undefined
  /** How often it was given other numbers. */
  recounts: number
}

/** More often than this, counting anew does not help. */
const recountsMax = 3

/**
 * What goes to one partition: batches in their order, of which the first may be under way. A batch keeps its numbers however
 * often it is sent, so the broker appends it once; the next one gets its own when this one is settled.
 */
export class Lane {
  readonly topic: string
  readonly partition: number
  /** When the topic was first said to be missing, though there are batches for it. */
  missingSinceMs: number | undefined
  private readonly queue: PendingBatch[] = []
  private producer: ProducerId | undefined
  private epoch = 0
  private sequence = 0

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  get isEmpty(): boolean {
    return this.queue.length === 0
  }

  /** Bytes of the first batch. */
  get headBytes(): number {
    return this.queue[0]?.bytes ?? 0
  }

  /** Puts the next of the sending's records, or several of them, at the end, and says how many bytes that took. */
  put(sending: Sending, memory: BatchMemory): number {
    let last = this.queue.at(-1)
    let before = last?.batch.length ?? 0
    if (last === undefined || !sending.putInto(last.batch)) {
      const batch = new RecordBatch(memory)
      last = { batch, sendings: [], bytes: 0, numbers: undefined, recounts: 0 }
      this.queue.push(last)
      before = 0
      sending.putInto(batch)
    }
    if (last.sendings.at(-1) !== sending) {
      last.sendings.push(sending)
      sending.join()
    }
    const added = last.batch.length - before
    last.bytes += added
    return added
  }

  /** The first batch as it is sent: under the numbers it has, or new ones. */
  seal(producer: ProducerId, isTransactional: boolean, compression: Compression): Buffer {
    const [head] = this.queue
    if (head === undefined) throw new Error(`nothing waits for ${this.topic}/${this.partition}`)
    if (this.producer !== producer) {
      this.producer = producer
      this.epoch = producer.epoch
      this.sequence = 0
      head.numbers = undefined
    }
    head.numbers ??= { producerId: producer.id, epoch: this.epoch, sequence: this.sequence }
    return head.batch.seal(head.numbers, Date.now(), isTransactional, compression)
  }

  /**
   * Gives the first batch other numbers, for a broker that cannot follow the count. Only for one that is surely not in the log.
   *
   * @returns false when that has been tried before, in vain
   */
  recount(): boolean {
    const [head] = this.queue
    if (head === undefined || head.recounts++ >= recountsMax) return false
    head.numbers = undefined
    return this.nextEpoch()
  }

  /** The first batch is acknowledged, or given up for a reason. Returns its bytes. */
  settle(error?: WindsockError): number {
    const head = this.queue.shift()
    if (head === undefined) return 0
    if (error === undefined) this.sequence = (this.sequence + head.batch.count) & sequenceMax
    // Whether the log has it may not be known. In the next epoch, no batch can be taken for it.
    else if (head.numbers !== undefined) this.nextEpoch()
    this.missingSinceMs = undefined
    head.batch.release()
    for (const sending of head.sendings) sending.leave(error)
    return head.bytes
  }
  /** Counts from 0 again; false when there is no next epoch, and the broker refuses what comes. */
  private nextEpoch(): boolean {
    if (this.epoch >= epochMax) return false
    this.epoch++
    this.sequence = 0
    return true
  }
}
