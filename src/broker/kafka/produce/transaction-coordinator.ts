import { setTimeout as delay } from 'node:timers/promises'
import {
  addPartitionsToTxnV3,
  type Connection,
  describeTransactionsV0,
  endTxnV3,
  initProducerIdV4,
  protocolErrors,
} from '@platformatic/kafka'
import { WindsockError } from '../../../foundation/errors.ts'
import { protocolIds } from '../kafka-errors.ts'
import type { TopicPartition } from './author.ts'
import type { Cluster } from './cluster.ts'
import type { ProducerId } from './lane.ts'
import { backOff, isWorthWaiting } from './patience.ts'

/** How long a partition may be unknown to the coordinator, which learns of new topics a little later than others. */
const missingTopicMs = 5_000

/**
 * How often it may answer that something unexpected happened: it does when two requests about one id cross, such as an end
 * and a new owner.
 */
const surprisesMax = 10

/** How a transaction ends. */
export type Outcome = 'commit' | 'abort'

/** How often a coordinator that is still ending the last transaction is asked again after `close`. */
const closingAttemptsMax = 40

/** Whose epoch or state the broker does not accept; `whyRefused` finds out what that means. */
const disownedIds: readonly string[] = [
  'PRODUCER_FENCED',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
  'INVALID_TXN_STATE',
  'TRANSACTION_ABORTABLE',
]

export function isDisowned(error: unknown): boolean {
  return protocolIds(error).some((id) => disownedIds.includes(id))
}

export function isDisownedCode(errorCode: number): boolean {
  return disownedIds.some((id) => protocolErrors[id]?.code === errorCode)
}

/**
 * The requests to the broker that keeps the transactions of an id, in the classic protocol, which brokers of 3.x and 4.x
 * speak. Each is repeated until it is answered for good or `closing` aborts.
 */
export class TransactionCoordinator {
  private readonly cluster: Cluster
  private readonly id: string
  private readonly timeoutMs: number
  private readonly closing: AbortSignal

  constructor(cluster: Cluster, id: string, timeoutMs: number, closing: AbortSignal) {
    this.cluster = cluster
    this.id = id
    this.timeoutMs = timeoutMs
    this.closing = closing
  }

  /**
   * Makes the caller the owner, whoever was before; resolves when what was left open is ended.
   *
   * @param known what the caller had, to be refused if somebody else took over since; left out, it takes over itself
   * @returns also how the id's last transaction ended, where that is known
   */
  async own(known: ProducerId = { id: -1n, epoch: -1 }): Promise<{ producer: ProducerId; last: Outcome | undefined }> {
    let last: Outcome | undefined
    const { producerId, producerEpoch } = await this.ask(async (connection) => {
      last = outcomeIn(await this.state(connection)) ?? last // where the answer to what follows is lost, it is forgotten
      return initProducerIdV4.api.async(connection, this.id, this.timeoutMs, known.id, known.epoch)
    })
    return { producer: { id: producerId, epoch: producerEpoch }, last }
  }

  /**
   * Makes partitions part of the transaction, which begins with the first, as soon as the last one is ended.
   *
   * @param isWanted asked before each attempt
   * @returns false when it was not wanted any more
   */
  async addPartitions(
    producer: ProducerId,
    partitions: readonly TopicPartition[],
    isWanted: () => boolean = () => true,
  ): Promise<boolean> {
    const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, mine]) => ({
      name,
      partitions: mine.map(({ partition }) => partition),
    }))
    return this.ask(async (connection) => {
      if (!isWanted()) return false
      await addPartitionsToTxnV3.api.async(connection, [
        {
          transactionalId: this.id,
          producerId: producer.id,
          producerEpoch: producer.epoch,
          verifyOnly: false,
          topics,
        },
      ])
      return true
    })
  }

  /** Asked twice for the same end, the coordinator grants it twice. */
  async end(producer: ProducerId, outcome: Outcome): Promise<void> {
    await this.ask((connection) =>
      endTxnV3.api.async(connection, this.id, producer.id, producer.epoch, outcome === 'commit'),
    )
  }

  /**
   * Resolves when the coordinator has nothing more to do for the last transaction.
   *
   * @returns how that ended; undefined where the coordinator does not know
   */
  async ended(): Promise<Outcome | undefined> {
    for (let attempt = 0; ; attempt++) {
      const state = await this.ask((connection) => this.state(connection))
      if (state?.startsWith('Prepare') !== true) return state === 'Ongoing' ? undefined : outcomeIn(state)
      if (this.closing.aborted)
        throw new WindsockError('broker-unreachable', `the transactions of ${this.id} are closed`)
      await markersWritten(attempt)
    }
  }

  /**
   * Who is refused by its epoch has been followed by another owner, or has let the transaction's time run out: the broker
   * uses the same words for both. By a timeout it counts the epoch up by one; a new owner has it counted up once more.
   *
   * @param startedMs when the transaction began, on the clock of `performance.now`
   * @returns undefined when the caller is still the owner
   */
  async whyRefused(producer: ProducerId, startedMs: number | undefined): Promise<WindsockError | undefined> {
    try {
      const { transactionStates } = await this.ask((connection) =>
        describeTransactionsV0.api.async(connection, [this.id]),
      )
      const [state] = transactionStates
      if (state?.producerId !== producer.id) return this.fenced()
      if (state.producerEpoch === producer.epoch) return undefined
      const isOverdue = startedMs !== undefined && performance.now() - startedMs >= this.timeoutMs
      const isAborted = state.producerEpoch === producer.epoch + 1 && state.transactionState.endsWith('Abort')
      return isOverdue && isAborted ? this.lost(`it lasted longer than ${this.timeoutMs} ms`) : this.fenced()
    } catch (error) {
      if (protocolIds(error).includes('TRANSACTIONAL_ID_NOT_FOUND')) {
        return this.lost('the id was not used for so long that the broker has forgotten it')
      }
      return this.fenced(error)
    }
  }

  private async state(connection: Connection): Promise<string | undefined> {
    try {
      const { transactionStates } = await describeTransactionsV0.api.async(connection, [this.id])
      return transactionStates[0]?.transactionState
    } catch (error) {
      if (protocolIds(error).includes('TRANSACTIONAL_ID_NOT_FOUND')) return undefined
      throw error
    }
  }

  private fenced(cause?: unknown): WindsockError {
    return new WindsockError('fenced', `another process has taken over the transactions of ${this.id}`, {
      hint: 'One process owns an id at a time; stop one of the two',
      cause,
    })
  }

  private lost(reason: string): WindsockError {
    return new WindsockError('transaction-lost', `the broker has given up the transaction of ${this.id}: ${reason}`, {
      hint: 'Open the transactions again and go on from what is committed',
    })
  }

  private async ask<T>(question: (connection: Connection) => Promise<T>): Promise<T> {
    const startedMs = performance.now()
    for (let attempt = 0; ; attempt++) {
      try {
        return await question(await this.cluster.coordinator(this.id))
      } catch (error) {
        const ids = protocolIds(error)
        if (ids.includes('CONCURRENT_TRANSACTIONS')) {
          // The last transaction's markers are being written, a matter of milliseconds.
          if (this.closing.aborted && attempt >= closingAttemptsMax) throw error
          await markersWritten(attempt)
          continue
        }
        // It may have moved; while it starts, it is where it was.
        if (!ids.includes('COORDINATOR_LOAD_IN_PROGRESS')) this.cluster.forgetCoordinator(this.id)
        const isMissing = ids.includes('UNKNOWN_TOPIC_OR_PARTITION') && performance.now() - startedMs > missingTopicMs
        const isSurprise = ids.includes('UNKNOWN_SERVER_ERROR') && attempt < surprisesMax
        if (this.closing.aborted || isMissing || !(isSurprise || isPassing(error, ids))) throw error
        await backOff(attempt, this.closing)
      }
    }
  }
}

function markersWritten(attempt: number): Promise<void> {
  return delay(Math.min(100, 2 + attempt ** 2))
}

/** What is left open is aborted by the next owner. */
function outcomeIn(state: string | undefined): Outcome | undefined {
  if (state === undefined || state === 'Empty' || state === 'Dead') return undefined
  return state.endsWith('Commit') ? 'commit' : 'abort'
}

/** Of several partitions some may be refused only because of the others. */
function isPassing(error: unknown, ids: readonly string[]): boolean {
  const reasons = ids.filter((id) => id !== 'OPERATION_NOT_ATTEMPTED')
  return reasons.length === 0 ? isWorthWaiting(error) : reasons.every((id) => protocolErrors[id]?.canRetry === true)
}
