import type { Broker, OutgoingRecord, Publisher } from '../broker/broker.ts'
import type { Clock } from '../foundation/clock.ts'
import type { Fields } from '../model/schema.ts'
import type { Pace } from '../sources/pace.ts'
import type { Pacer } from '../sources/pacer.ts'
import type { Source } from '../sources/source.ts'
import type { Stream } from '../topics/topic.ts'
import { packRows, type PackPlan, type Parcel } from './pack-rows.ts'
import { createQuarantine } from './quarantine.ts'
import { findSentRows } from './sent-rows.ts'

export interface PublishOptions<F extends Fields> {
  readonly broker: Broker
  readonly source: Source<F>
  readonly stream: Stream<F>
  readonly clock: Clock
  readonly pace: Pace
  /** How many of the first rows are sent at once, before the pace begins. */
  readonly history?: number
  readonly pacer?: Pacer
  /** Go on behind the rows of this source that are in the topic already, instead of sending all of them again. */
  readonly resume: boolean
  /** Makes the parcels elsewhere, such as in a thread of its own; left out, they are made here by `packRows`. */
  readonly pack?: (plan: PackPlan) => AsyncIterable<Parcel>
  readonly signal: AbortSignal
  readonly onProgress?: (progress: PublishProgress) => void
}

export interface PublishProgress {
  /** Rows handed to the broker, and those of them it has acknowledged. */
  readonly sent: number
  readonly acknowledged: number
  /** Rows that did not fit, set aside in the quarantine. */
  readonly refused: number
  /** Rows that an earlier run had sent. */
  readonly skipped: number
  /** Bytes of the messages' values. */
  readonly bytes: number
  readonly newestSentAt: number | null
}

/**
 * Sends the rows of a source to its topic, in order, each once. Resolves when the source ends or the signal aborts, and then
 * everything sent is acknowledged.
 */
export async function publishSource<F extends Fields>(options: PublishOptions<F>): Promise<PublishProgress> {
  const { broker, source, stream, clock, signal } = options
  const { partitions } = await broker.admin.describeTopic(stream.name)
  const sentRows = options.resume ? await findSentRows(broker, stream.name, source.fingerprint, signal) : undefined
  const publisher = broker.openPublisher(stream.name)
  const quarantine = createQuarantine(publisher, source.name)
  const outbox = new Outbox(publisher, stream.name)
  let sent = 0
  let skipped = 0
  let bytes = 0
  let newestSentAt: number | null = null
  const progress = (): PublishProgress => ({
    sent,
    acknowledged: outbox.acknowledged,
    refused: quarantine.count,
    skipped,
    bytes,
    newestSentAt,
  })
  try {
    const plan = { partitions: partitions.length, sentRows }
    const parcels = options.pack?.(plan) ?? packRows({ ...options, history: options.history ?? 0, plan })
    for await (const parcel of parcels) {
      await options.pacer?.whenResumed(signal)
      await quarantine.add(parcel, parcel.refusals)
      await outbox.put(parcel.records)
      sent += parcel.records.length
      skipped += parcel.skipped
      bytes += parcel.bytes
      newestSentAt = parcel.records.length > 0 ? clock.now() : newestSentAt
      options.onProgress?.(progress())
      if (signal.aborted) break
    }
    await outbox.flush()
    options.onProgress?.(progress())
    return progress()
  } finally {
    await publisher.close()
  }
}

/** One request is under way while the next rows are made; never more, so that memory stays bounded. */
class Outbox {
  acknowledged = 0
  private readonly publisher: Publisher
  private readonly topic: string
  private pending: Promise<void> = Promise.resolve()

  constructor(publisher: Publisher, topic: string) {
    this.publisher = publisher
    this.topic = topic
  }

  async put(records: readonly OutgoingRecord[]): Promise<void> {
    await this.pending
    if (records.length === 0) return
    this.pending = this.publisher.send(this.topic, records).then(() => {
      this.acknowledged += records.length
    })
    this.pending.catch(() => {}) // seen at the next put or flush
  }

  async flush(): Promise<void> {
    await this.pending
  }
}
