import type { PackedRecords } from '../../model/packed-records.ts'
import type { IncomingRecord } from '../broker.ts'

/** Copies records into one piece of memory. @param take gives a piece of at least so many bytes */
export function packRecords(
  records: readonly IncomingRecord[],
  take: (bytes: number) => Uint8Array = (bytes) => new Uint8Array(bytes),
): PackedRecords {
  const sizes = records.map(({ key, value }) => (key?.length ?? 0) + (value?.length ?? 0))
  const bytes = take(sizes.reduce((sum, size) => sum + size, 0))
  const spans = new Int32Array(4 * records.length)
  let at = 0
  const put = (field: Uint8Array | null, span: number): void => {
    spans[span] = field === null ? -1 : at
    if (field !== null) bytes.set(field, at)
    at += field?.length ?? 0
    spans[span + 1] = field === null ? -1 : at
  }
  for (const [i, { key, value }] of records.entries()) {
    put(key, 4 * i)
    put(value, 4 * i + 2)
  }
  return {
    length: records.length,
    bytes,
    offsets: Float64Array.from(records, ({ offset }) => offset),
    timestamps: Float64Array.from(records, ({ timestamp }) => timestamp),
    spans,
  }
}
