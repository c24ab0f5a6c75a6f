import type { OutgoingRecord, Publisher } from '../broker/broker.ts'
import { cutSample, type Frame, type Refusal } from '../model/frame.ts'
import type { PackedRecords } from '../model/packed-records.ts'
import { quarantine, type QuarantineEntry } from '../topics/quarantine.ts'

/** Sets records aside, with their origin and reason, and counts them. */
export interface Quarantine {
  readonly count: number
  /** Resolves when every refusal is acknowledged by the broker. */
  add(frame: Pick<Frame, 'origin'>, refusals: readonly Refusal[]): Promise<void>
}

export function createQuarantine(publisher: Publisher, by: string): Quarantine {
  let count = 0
  return {
    get count() {
      return count
    },
    async add(frame, refusals) {
      if (refusals.length === 0) return
      await publisher.send(quarantine.name, quarantineRecords(frame.origin, refusals, by))
      count += refusals.length
    },
  }
}

/**
 * Refused records as they are sent to the quarantine. Several refusals at one place, such as the records of one message, are
 * numbered from the second on.
 */
export function quarantineRecords(origin: string, refusals: readonly Refusal[], by: string): OutgoingRecord[] {
  const seen = new Map<number, number>()
  return refusals.map(({ position, reason, sample }) => {
    const nth = (seen.get(position) ?? 0) + 1
    seen.set(position, nth)
    const place = `${origin}:${position}${nth === 1 ? '' : `#${nth}`}`
    const entry: QuarantineEntry = { origin: place, reason, sample, by }
    return { key: place, value: JSON.stringify(entry) }
  })
}

/** The message at an offset as it came, cut where it is long. */
export function sampleAt(records: PackedRecords, offset: number): string {
  const index = records.offsets.subarray(0, records.length).indexOf(offset)
  const from = records.spans[4 * index + 2] ?? 0
  const to = records.spans[4 * index + 3] ?? 0
  const { buffer, byteOffset } = records.bytes
  return cutSample(Buffer.from(buffer, byteOffset + from, to - from).toString())
}
