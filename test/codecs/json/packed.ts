import type { PackedRecords, RecordMemory } from '../../../src/model/packed-records.ts'

/** Messages as a reader hands them over: in `memory` where it is given, with bytes of others around them. */
export function packMessages(messages: readonly (Uint8Array | null)[], memory?: RecordMemory): PackedRecords {
  const room = messages.reduce((sum, message) => sum + (message?.length ?? 0) + between.length, between.length)
  const bytes = memory?.take(room) ?? new Uint8Array(room)
  const spans = new Int32Array(4 * messages.length + 4).fill(-1)
  let at = 0
  messages.forEach((message, i) => {
    bytes.set(between, at)
    at += between.length
    spans.set([at - 3, at - 1], 4 * i)
    if (message === null) return
    bytes.set(message, at)
    spans.set([at, (at += message.length)], 4 * i + 2)
  })
  bytes.set(between, at)
  const offsets = Float64Array.from({ length: messages.length + 1 }, (_, i) => 100 + 2 * i)
  return { length: messages.length, bytes, offsets, timestamps: new Float64Array(offsets.length), spans }
}

/** What lies between two messages: such that a scanner that reads on finds more JSON. */
const between = Buffer.from('"}9,"DAY":1}]x')
