import type { OutgoingRecord } from '../broker/broker.ts'
import type { Clock } from '../foundation/clock.ts'
import type { Refusal } from '../model/frame.ts'
import { encodeRow } from '../model/message.ts'
import { createPartitioner } from '../model/partition.ts'
import type { Fields } from '../model/schema.ts'
import { pace, type Pace, type Slice } from '../sources/pace.ts'
import type { Pacer } from '../sources/pacer.ts'
import type { Source } from '../sources/source.ts'
import type { Stream } from '../topics/topic.ts'
import { rowHeader, rowMark } from './sent-rows.ts'

export interface PackOptions<F extends Fields = Fields> {
  readonly source: Source<F>
  readonly stream: Stream<F>
  readonly clock: Clock
  readonly pace: Pace
  /** How many of the first rows come at once, before the pace begins. */
  readonly history: number
  readonly pacer?: Pacer
  readonly plan: PackPlan
  readonly signal: AbortSignal
}

/** What packing has to know of the topic. */
export interface PackPlan {
  readonly partitions: number
  /** By partition, the row behind the last one that an earlier run had sent; undefined when rows are not marked. */
  readonly sentRows: readonly number[] | undefined
}

/** A row as it goes to the broker. */
export interface RowRecord extends OutgoingRecord {
  readonly key: string
}

/** Rows as they go to the broker, with what was refused on the way. */
export interface Parcel {
  readonly records: readonly RowRecord[]
  /** Bytes of the values. */
  readonly bytes: number
  /** Rows left out because an earlier run had sent them. */
  readonly skipped: number
  readonly origin: string
  readonly refusals: readonly Refusal[]
}

/** Reads a source at its pace and makes every row the record that is sent. */
export async function* packRows<F extends Fields>(options: PackOptions<F>): AsyncGenerator<Parcel> {
  const { source, stream, clock, signal, pacer } = options
  const { partitions, sentRows } = options.plan
  const partitionOf = createPartitioner(partitions)
  let row = 0

  const pack = ({ frame, from, to }: Slice<F>): Parcel => {
    const records: RowRecord[] = []
    const ts = clock.now() / 1000
    let bytes = 0
    let skipped = 0
    for (let index = from; index < to; index++) {
      const key = String(frame.cellAt(stream.key, index))
      const mine = row++
      const partition = partitionOf(key)
      if (mine < (sentRows?.[partition] ?? 0)) {
        skipped++
        continue
      }
      const value = encodeRow(frame, index, ts)
      bytes += Buffer.byteLength(value)
      if (sentRows === undefined) records.push({ key, value, partition })
      else records.push({ key, value, partition, headers: { [rowHeader]: rowMark(source.fingerprint, mine) } })
    }
    return { records, bytes, skipped, origin: frame.origin, refusals: from === 0 ? frame.refusals : [] }
  }

  // Rows that were sent before are not waited for: they count as the history of a resumed run. A partition without
  // keys never has a row, so it is the furthest one that tells how far the last run came.
  const history = Math.max(options.history, ...(sentRows ?? []))
  const slices = pace(source.observe(signal), {
    pace: options.pace,
    timeOf: (frame, index) => source.timeOf(frame, index),
    clock,
    signal,
    history,
    ...(pacer === undefined ? {} : { pacer }),
  })
  for await (const slice of slices) yield pack(slice)
}
