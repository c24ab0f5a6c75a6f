import type { RecordsBatch } from '@platformatic/kafka'
import type { IncomingRecord } from '../broker.ts'

/** A batch that holds no records of anybody, but the markers of transactions. */
const controlBit = 0x20

/** Flattens record batches to the records with offsets in [from, to), and says where reading goes on. */
export function recordsOf(
  batches: readonly RecordsBatch[],
  from: number,
  to: number,
): { records: IncomingRecord[]; next: number } {
  const records: IncomingRecord[] = []
  let next = from
  for (const batch of batches) {
    const first = Number(batch.firstOffset)
    const after = first + batch.lastOffsetDelta + 1
    if (after <= from || first >= to) continue
    next = Math.min(after, to)
    if ((batch.attributes & controlBit) !== 0) continue
    const sentAt = Number(batch.firstTimestamp)
    for (const record of batch.records) {
      const offset = first + record.offsetDelta
      if (offset < from || offset >= to) continue
      records.push({
        offset,
        timestamp: sentAt + Number(record.timestampDelta),
        key: record.key,
        value: record.value,
        headers: headersOf(record.headers),
      })
    }
  }
  return { records, next }
}

const noHeaders: ReadonlyMap<string, string> = new Map()

function headersOf(headers: RecordsBatch['records'][number]['headers']): ReadonlyMap<string, string> {
  if (headers.length === 0) return noHeaders
  return new Map(headers.map(([name, value]) => [name?.toString() ?? '', value?.toString() ?? '']))
}
