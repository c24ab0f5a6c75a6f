import type { PackedRecords } from '../../../model/packed-records.ts'
import type { IncomingRecord } from '../../broker.ts'
import { ByteReader, MalformedBytes } from './byte-reader.ts'

const noHeaders: ReadonlyMap<string, string> = new Map()

/**
 * Copies packed records into objects that may be kept.
 *
 * @param headerSpans by record, where its headers begin and the record ends
 * @throws MalformedBytes
 */
export function copyRecords(packed: PackedRecords, headerSpans: Int32Array): IncomingRecord[] {
  const { bytes, spans, offsets, timestamps } = packed
  return Array.from({ length: packed.length }, (_, i) => ({
    offset: offsets[i] ?? 0,
    timestamp: timestamps[i] ?? 0,
    key: copyOf(bytes, spans[4 * i] ?? -1, spans[4 * i + 1] ?? -1),
    value: copyOf(bytes, spans[4 * i + 2] ?? -1, spans[4 * i + 3] ?? -1),
    headers: readHeaders(bytes, headerSpans[2 * i] ?? 0, headerSpans[2 * i + 1] ?? 0),
  }))
}

function copyOf(bytes: Uint8Array, from: number, to: number): Uint8Array | null {
  return from < 0 ? null : Buffer.from(bytes.subarray(from, to))
}

function readHeaders(bytes: Uint8Array, at: number, end: number): ReadonlyMap<string, string> {
  if (bytes[at] === 0 && at + 1 === end) return noHeaders
  const reader = new ByteReader(bytes, at, end)
  const headers = new Map<string, string>()
  for (let left = reader.varint(); left > 0; left--) {
    const name = reader.varintText()
    if (name === null) throw new MalformedBytes('a header has no name')
    headers.set(name, reader.varintText() ?? '')
  }
  if (reader.at !== end) throw new MalformedBytes('there are bytes behind the headers of a record')
  return headers
}
