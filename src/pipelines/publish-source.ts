import type { Broker, OutgoingRecord, Publisher } from '../broker/broker.ts'
import type { Clock } from '../foundation/clock.ts'
import { encodeRow } from '../model/message.ts'
import { createPartitioner } from '../model/partition.ts'
import type { Fields } from '../model/schema.ts'
import { pace, type Pace, type Slice } from '../sources/pace.ts'
import type { Pacer } from '../sources/pacer.ts'
import type { Source } from '../sources/source.ts'
import type { Stream } from '../topics/topic.ts'
import { createQuarantine } from './quarantine.ts'
import { findSentRows, rowHeader, rowMark } from './sent-rows.ts'

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
  const partitionOf = createPartitioner(partitions.length)
  const publisher = broker.openPublisher(stream.name)
  const quarantine = createQuarantine(publisher, source.name)
  const outbox = new Outbox(publisher, stream.name)
  let sent = 0
  let skipped = 0
  let bytes = 0
  let row = 0
  let newestSentAt: number | null = null
  const progress = (): PublishProgress => ({
    sent,
    acknowledged: outbox.acknowledged,
    refused: quarantine.count,
    skipped,
    bytes,
    newestSentAt,
  })

  const recordsOf = ({ frame, from, to }: Slice<F>): OutgoingRecord[] => {
    const records: OutgoingRecord[] = []
    const ts = clock.now() / 1000
    for (let index = from; index < to; index++) {
      const key = String(frame.cellAt(stream.key, index))
      const mine = row++
      if (sentRows === undefined) {
        records.push({ key, value: encodeRow(frame, index, ts) })
        continue
      }
      const partition = partitionOf(key)
      if (mine < (sentRows[partition] ?? 0)) {
        skipped++
        continue
      }
      const headers = { [rowHeader]: rowMark(source.fingerprint, mine) }
      records.push({ key, value: encodeRow(frame, index, ts), partition, headers })
    }
    return records
  }

  try {
    // Rows that were sent before are not waited for: they count as the history of a resumed run. A partition without
    // keys never has a row, so it is the furthest one that tells how far the last run came.
    const history = Math.max(options.history ?? 0, ...(sentRows ?? []))
    const slices = pace(source.observe(signal), {
      pace: options.pace,
      timeOf: (frame, index) => source.timeOf(frame, index),
      clock,
      signal,
      history,
      ...(options.pacer === undefined ? {} : { pacer: options.pacer }),
    })
    for await (const slice of slices) {
      if (slice.from === 0) await quarantine.add(slice.frame, slice.frame.refusals)
      const records = recordsOf(slice)
      for (const { value } of records) bytes += Buffer.byteLength(value ?? '')
      sent += records.length
      await outbox.put(records)
      newestSentAt = records.length > 0 ? clock.now() : newestSentAt
      options.onProgress?.(progress())
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
