import type { ChosenAnalysis } from '../analyses/all.ts'
import type { Batch, Broker, OutgoingRecord, Transactions } from '../broker/broker.ts'
import type { Decoder } from '../codecs/codec.ts'
import { WindsockError } from '../foundation/errors.ts'
import type { Frame, Refusal } from '../model/frame.ts'
import type { PackedOutgoing } from '../model/packed-records.ts'
import { quarantine } from '../topics/quarantine.ts'
import { stateTopic } from '../topics/state.ts'
import { Folding } from './folding.ts'
import { quarantineRecords, sampleAt } from './quarantine.ts'
import type { ResultWriter } from './result-writer.ts'
import { type Refused, restoreState, StateLog, type StateOrigin } from './state-log.ts'

export interface PartitionOptions {
  readonly broker: Broker
  readonly analysis: ChosenAnalysis
  readonly origin: StateOrigin
  readonly decoder: Decoder
  readonly writer: ResultWriter
  /** What all partitions of this process have waiting to be sent. */
  readonly backlog: { bytes: number }
  /** Told when a stored state is refused and computed again from the log, or may have been lost. */
  readonly onNotice: (notice: string) => void
  readonly signal: AbortSignal
}

/** How long a transaction of a process that sleeps may keep readers of committed results waiting. */
const transactionMsMax = 30_000
/** What waits to be sent, beyond which a partition takes no more, and so does any while all have so much. */
const unsentBytesMax = 2_000_000
const backlogBytesMax = 6_000_000
/** About what a record takes as an object, beside its key and value. */
const objectBytes = 100
/** Changed states beyond which a commit does not wait for its time. */
const changedKeysMax = 50_000

/**
 * An analysis at work on one partition. Everything it writes (results, refused records, changed states and the position they
 * stand for) belongs to one Kafka transaction after the other, under an id of this partition's own: whoever works on the
 * partition next takes that id over, and from then on the broker refuses whatever this one still sends.
 */
export class PartitionWork {
  readonly partition: number
  private readonly options: PartitionOptions
  private readonly transactions: Transactions
  private readonly log: StateLog
  private readonly folding: Folding
  /** The positions behind the last record folded, and behind the last one whose effect is sent. */
  private position: number
  private sent: number
  private committed: number
  /** The end of the last thing that was sent. */
  private sending: Promise<void> = Promise.resolve()
  private unsentBytes = 0
  private failure: unknown
  refused = 0

  private constructor(options: PartitionOptions, transactions: Transactions, begun: Begun) {
    this.options = options
    this.partition = options.origin.partition
    this.transactions = transactions
    this.log = begun.log
    this.folding = begun.folding
    this.position = begun.next
    this.sent = begun.next
    this.committed = begun.next
    // What was refused goes with the first transaction.
    if (begun.outdated.length > 0) this.send(stateTopic(options.analysis.group, 1).name, begun.outdated)
  }

  /**
   * Fences whoever worked on the partition before, and restores what it had committed.
   *
   * @param start the first offset that the partition still holds
   * @throws WindsockError `topic-mismatch`, `state-damaged` when the state is refused and the log no longer holds its beginning
   */
  static async open(options: PartitionOptions, start: number): Promise<PartitionWork> {
    const { broker, analysis, origin } = options
    const transactions = broker.openTransactions(`windsock-${analysis.group}-${origin.partition}`, {
      timeoutMs: transactionMsMax,
      writesTo: [
        { topic: analysis.output.name },
        { topic: stateTopic(analysis.group, 1).name, partition: origin.partition },
        { topic: quarantine.name },
      ],
    })
    try {
      await transactions.open()
      return new PartitionWork(options, transactions, await begin(options, start))
    } catch (error) {
      await transactions.close()
      throw error
    }
  }

  /** Where to go on reading. */
  get next(): number {
    return this.position
  }

  /** The position up to which everything is surely committed. */
  get committedNext(): number {
    return this.committed
  }

  /** Whether all that was taken is surely committed. */
  get isCommitted(): boolean {
    return this.committed === this.position
  }

  /** Whether there is something to commit. */
  get isDirty(): boolean {
    return this.position !== this.sent
  }

  /** Whether a commit should not wait. */
  get isFull(): boolean {
    return this.folding.changedKeys >= changedKeysMax
  }

  /**
   * Folds a batch; its results are on their way when this resolves, which waits for earlier ones where too many are.
   *
   * @throws what went wrong with anything sent before
   */
  async take(batch: Batch): Promise<void> {
    if (this.failure !== undefined) throw this.failure
    try {
      this.fold(batch)
    } catch (error) {
      this.failure = error // a part of it is folded: no commit may follow
      throw error
    }
    const isMuch = this.unsentBytes > unsentBytesMax || this.options.backlog.bytes > backlogBytesMax
    if (isMuch) await this.sending
  }

  private fold(batch: Batch): void {
    const { analysis, decoder, writer } = this.options
    const { topic, partition, packed } = batch
    const origin = `${topic}/${partition}`
    const refusals: Refusal[] = []
    const { sentAt: sentAtField } = analysis.input
    let sentAt = sentAtField === undefined ? (packed.timestamps[packed.length - 1] ?? null) : null
    const sendResults = (records: PackedOutgoing): void => this.sendPacked(analysis.output.name, records)
    for (const frame of decoder.decode(packed, origin)) {
      if (sentAtField !== undefined) sentAt = newestOf(frame, sentAtField, sentAt)
      writer.begin({ topic, partition, sentAt }, sendResults)
      const refused = this.folding.take(frame, writer)
      refusals.push(...frame.refusals, ...refused.map((each) => ({ ...each, sample: sampleAt(packed, each.position) })))
    }
    // Of a key's results the last one is sent, so the later the fewer.
    writer.begin({ topic, partition, sentAt }, sendResults)
    this.folding.reportKeys(writer)
    writer.end()
    this.position = batch.next
    this.refused += refusals.length
    this.send(quarantine.name, quarantineRecords(origin, refusals, analysis.group))
  }

  /** Commits everything up to here, and returns the position behind it. */
  async commit(): Promise<number> {
    if (this.failure !== undefined) throw this.failure
    const { position } = this
    if (this.isDirty) {
      // Taken now, at this position: what is folded while the commit is under way belongs to the next one.
      this.send(stateTopic(this.options.analysis.group, 1).name, this.log.recordsOf(this.folding, position))
      this.sent = position
      this.follow(
        this.transactions.commit().then(() => {
          this.committed = position
        }),
      )
    }
    await this.sending
    return position
  }

  /** Ends the work; what is not committed is aborted. */
  async close(): Promise<void> {
    await this.transactions.close() // first: what waits for a broker that is away waits no more
    await this.sending.catch(() => {})
  }

  private send(topic: string, records: readonly OutgoingRecord[]): void {
    if (records.length === 0) return
    const bytes = records.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0) + objectBytes, 0)
    this.count(bytes, this.transactions.send(topic, records))
  }

  private sendPacked(topic: string, records: PackedOutgoing): void {
    this.count(records.bytes.length, this.transactions.sendPacked(topic, records))
  }

  /** Counts the bytes until they are sent. */
  private count(bytes: number, sending: Promise<void>): void {
    this.unsentBytes += bytes
    this.options.backlog.bytes += bytes
    this.follow(
      sending.finally(() => {
        this.unsentBytes -= bytes
        this.options.backlog.bytes -= bytes
      }),
    )
  }

  /** Sends and commits take effect in the order in which they are called, so the last one stands for all. */
  private follow(sending: Promise<void>): void {
    this.sending = sending
    sending.catch((error: unknown) => {
      this.failure ??= error
    })
  }
}

interface Begun {
  readonly folding: Folding
  readonly log: StateLog
  readonly next: number
  /** Records that delete what was refused. */
  readonly outdated: readonly OutgoingRecord[]
}

async function begin(options: PartitionOptions, start: number): Promise<Begun> {
  const { broker, analysis, origin, signal } = options
  const found = await restoreState(broker, analysis, origin, signal)
  if ('folding' in found && found.next !== undefined) return { ...found, next: found.next, outdated: [] }
  const refused = 'folding' in found ? await findLoss(options, start) : found
  if (refused === undefined) {
    return { folding: new Folding(analysis), log: new StateLog(origin, start), next: start, outdated: [] }
  }
  const what = `${stateOf(options)} ${refused.reason}`
  const from = refused.from ?? 0
  if (start > from) {
    const began = refused.from === undefined ? 'may have begun' : 'began'
    throw new WindsockError('state-damaged', `${what}, and the log no longer holds offset ${from}, where it ${began}`, {
      hint: 'Start with --fresh to compute it from what the log still holds',
    })
  }
  if (analysis.output.cleanup === 'delete') {
    throw new WindsockError('state-damaged', `${what}, and ${analysis.output.name} would get the same rows twice`, {
      hint: 'Start with --fresh to compute everything again from the log',
    })
  }
  options.onNotice(`${what}: it is computed again from the log`)
  const outdated = refused.keys.map((key) => ({ key, value: null, partition: origin.partition }))
  return { folding: new Folding(analysis), log: new StateLog(origin, from), next: from, outdated }
}

/**
 * Nothing stored is what a new group has, unless it was told how far it had got: then its state topic was deleted or made anew.
 * What it is told never goes before what is stored.
 */
async function findLoss(options: PartitionOptions, start: number): Promise<Refused | undefined> {
  const { broker, analysis, origin, onNotice } = options
  const told = (await broker.admin.committed(analysis.group, origin.topic)).get(origin.partition) ?? 0
  if (told === 0) return undefined
  if (told !== start) return { reason: `is gone, though it had got to offset ${told}`, from: undefined, keys: [] }
  // A group that found the log empty looks like one of whose records none is left.
  onNotice(`${stateOf(options)} is not there: it begins with nothing at offset ${start}, the first that is left`)
  return undefined
}

function stateOf({ analysis, origin }: PartitionOptions): string {
  return `the stored state of ${analysis.group} for ${origin.topic}/${origin.partition}`
}

/** The latest time in a column of the frame, or the one that is known where that is later. */
function newestOf(frame: Frame, field: string, known: number | null): number | null {
  const cells = frame.cellsOf(field)
  let newest = known
  for (let row = 0; row < frame.length && cells.kind === 'number'; row++) {
    if (cells.states[row] === 0) newest = Math.max(newest ?? -Infinity, cells.values[row] ?? -Infinity)
  }
  return newest
}
