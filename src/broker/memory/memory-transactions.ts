import { WindsockError } from '../../foundation/errors.ts'
import { type PackedOutgoing, unpackOutgoing } from '../../model/packed-records.ts'
import type { OutgoingRecord, TransactionOptions, Transactions } from '../broker.ts'

/** Who has opened the transactions of an id. */
export interface TransactionOwner {
  /** Somebody else has opened them. */
  fence(): void
}

/** What transactions ask of the log. A transaction is known by an object of its own. */
export interface TransactionLog {
  /** Makes the owner the only one of the id, and fences the one before. */
  own(id: string, owner: TransactionOwner): void
  append(topic: string, records: readonly OutgoingRecord[], transaction: object): void
  end(transaction: object, outcome: 'commit' | 'abort'): void
}

interface Ongoing {
  readonly timeout: NodeJS.Timeout
}

type Standing =
  | { readonly kind: 'unopened' | 'closed' }
  | { readonly kind: 'open'; readonly ongoing: Ongoing | undefined; readonly failure: WindsockError | undefined }
  | { readonly kind: 'ended'; readonly reason: WindsockError }

/** Every call takes effect at once, so calls are in their order. */
export class MemoryTransactions implements Transactions, TransactionOwner {
  private readonly log: TransactionLog
  private readonly id: string
  private readonly timeoutMs: number
  private standing: Standing = { kind: 'unopened' }

  constructor(log: TransactionLog, id: string, options: TransactionOptions = {}) {
    this.log = log
    this.id = id
    this.timeoutMs = options.timeoutMs ?? 60_000
  }

  async open(): Promise<void> {
    if (this.standing.kind === 'closed') throw this.closed()
    this.end('abort')
    this.log.own(this.id, this)
    this.standing = { kind: 'open', ongoing: undefined, failure: undefined }
  }

  async send(topic: string, records: readonly OutgoingRecord[]): Promise<void> {
    const { failure, ongoing = this.begin() } = this.opened()
    if (failure !== undefined) throw failure
    this.standing = { kind: 'open', ongoing, failure }
    try {
      this.log.append(topic, records, ongoing)
    } catch (error) {
      if (error instanceof WindsockError) this.standing = { kind: 'open', ongoing, failure: error }
      throw error
    }
  }

  sendPacked(topic: string, records: PackedOutgoing): Promise<void> {
    return this.send(topic, unpackOutgoing(records))
  }

  async commit(): Promise<void> {
    const { failure } = this.opened()
    if (failure !== undefined) throw failure
    this.end('commit')
  }

  async abort(): Promise<void> {
    const { standing } = this
    if (standing.kind === 'unopened' || (standing.kind === 'ended' && standing.reason.code === 'transaction-lost'))
      return
    this.opened()
    this.end('abort')
  }

  async close(): Promise<void> {
    this.end('abort')
    this.standing = { kind: 'closed' }
  }

  fence(): void {
    this.end('abort')
    if (this.standing.kind === 'closed') return
    const reason = new WindsockError('fenced', `another owner has taken over the transactions of ${this.id}`)
    this.standing = { kind: 'ended', reason }
  }

  private opened(): Standing & { readonly kind: 'open' } {
    const { standing } = this
    if (standing.kind === 'open') return standing
    if (standing.kind === 'ended') throw standing.reason
    if (standing.kind === 'closed') throw this.closed()
    throw new WindsockError('usage', `the transactions of ${this.id} are not open`)
  }

  private begin(): Ongoing {
    const timeout = setTimeout(() => {
      this.end('abort')
      const said = `the transaction of ${this.id} was given up: it lasted longer than ${this.timeoutMs} ms`
      this.standing = { kind: 'ended', reason: new WindsockError('transaction-lost', said) }
    }, this.timeoutMs)
    timeout.unref()
    return { timeout }
  }

  private end(outcome: 'commit' | 'abort'): void {
    if (this.standing.kind !== 'open') return
    const { ongoing } = this.standing
    this.standing = { kind: 'open', ongoing: undefined, failure: undefined }
    if (ongoing === undefined) return
    clearTimeout(ongoing.timeout)
    this.log.end(ongoing, outcome)
  }

  private closed(): WindsockError {
    return new WindsockError('broker-unreachable', `the transactions of ${this.id} are closed`)
  }
}
