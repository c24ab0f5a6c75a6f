import type { Parcel, RowRecord } from '../../pipelines/pack-rows.ts'
import { rowHeader } from '../../pipelines/sent-rows.ts'

/** A parcel as it goes from one thread to another: all values in one piece of memory that is handed over, not copied. */
export interface PackedParcel {
  readonly values: Uint8Array<ArrayBuffer>
  /** Where the value of each record ends. */
  readonly ends: Uint32Array
  readonly partitions: Int32Array
  /** The key of each record is `keys[keyCodes[i]]`: there are few, and numbers are handed over faster than texts. */
  readonly keys: readonly string[]
  readonly keyCodes: Uint32Array
  /** Empty where rows are not marked. */
  readonly marks: readonly string[]
  readonly skipped: number
  readonly origin: string
  readonly refusals: Parcel['refusals']
  /** Bytes of the source read so far. */
  readonly bytesRead: number
}

export function packParcel({ records, bytes, ...parcel }: Parcel, bytesRead: number): PackedParcel {
  const values = Buffer.from(new ArrayBuffer(bytes))
  const ends = new Uint32Array(records.length)
  const partitions = new Int32Array(records.length)
  const keyCodes = new Uint32Array(records.length)
  const codeByKey = new Map<string, number>()
  let at = 0
  records.forEach(({ key, value, partition }, index) => {
    let code = codeByKey.get(key)
    if (code === undefined) codeByKey.set(key, (code = codeByKey.size))
    keyCodes[index] = code
    if (typeof value === 'string') at += values.write(value, at)
    ends[index] = at
    partitions[index] = partition ?? -1
  })
  const marks = records.flatMap(({ headers }) => headers?.[rowHeader] ?? [])
  const keys = [...codeByKey.keys()]
  return { ...parcel, values: new Uint8Array(values.buffer), ends, partitions, keys, keyCodes, marks, bytesRead }
}

export function unpackParcel(packed: PackedParcel): Parcel {
  const { values, ends, partitions, keys, keyCodes, marks, skipped, origin, refusals } = packed
  const bytes = Buffer.from(values.buffer)
  const records = Array.from(ends, (end, index): RowRecord => {
    const key = keys[keyCodes[index] ?? 0] ?? ''
    const value = bytes.subarray(ends[index - 1] ?? 0, end)
    const partition = partitions[index] ?? 0
    const mark = marks[index]
    return mark === undefined ? { key, value, partition } : { key, value, partition, headers: { [rowHeader]: mark } }
  })
  return { records, bytes: bytes.length, skipped, origin, refusals }
}
