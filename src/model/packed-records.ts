/**
 * Records as they came, in one piece of memory and without an object each. They are valid until whoever gave them is asked
 * for more: then the memory is used again.
 */
export interface PackedRecords {
  readonly length: number
  readonly bytes: Uint8Array
  /** By record, its offset in the log. Longer than `length` where the array is used again. */
  readonly offsets: Float64Array
  /** By record, when it was sent, in milliseconds since the epoch. */
  readonly timestamps: Float64Array
  /** By record four places in `bytes`: where its key begins and ends, where its value begins and ends; -1 twice for null. */
  readonly spans: Int32Array
}

/** Gives memory for records, such that whoever decodes them need not copy them. */
export interface RecordMemory {
  /** A piece of at least so many bytes; undefined when there is none left, and the asker takes memory of its own. */
  take(bytes: number): Uint8Array | undefined
  /** Gives a piece back, as `take` gave it. */
  giveBack(piece: Uint8Array): void
}

/** Some of the records, in the same memory. */
export function slicePacked(packed: PackedRecords, from: number, to: number): PackedRecords {
  return {
    length: to - from,
    bytes: packed.bytes,
    offsets: packed.offsets.subarray(from, to),
    timestamps: packed.timestamps.subarray(from, to),
    spans: packed.spans.subarray(4 * from, 4 * to),
  }
}

/** Records to be sent, in one piece of memory and without an object each. Valid only until the call that they are given to returns. */
export interface PackedOutgoing {
  readonly length: number
  readonly bytes: Uint8Array
  /** By record four places in `bytes`, all rising: where its key begins and ends, where its value begins and ends. */
  readonly spans: Uint32Array
  /** By record, where it goes. */
  readonly partitions: Uint32Array
}

/** The same in memory of its own, from a record on. */
export function keepOutgoing({ length, bytes, spans, partitions }: PackedOutgoing, from = 0): PackedOutgoing {
  const start = spans[4 * from] ?? 0
  const kept = spans.slice(4 * from, 4 * length)
  for (let i = 0; i < kept.length; i++) kept[i] = (kept[i] ?? 0) - start
  const end = spans[4 * length - 1] ?? start
  return {
    length: length - from,
    bytes: copyOf(bytes, start, end),
    spans: kept,
    partitions: partitions.slice(from, length),
  }
}

export interface UnpackedRecord {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly partition: number
}

/** The same as objects, in memory of their own. */
export function unpackOutgoing({ length, bytes, spans, partitions }: PackedOutgoing): UnpackedRecord[] {
  return Array.from({ length }, (_, i) => ({
    key: copyOf(bytes, spans[4 * i], spans[4 * i + 1]),
    value: copyOf(bytes, spans[4 * i + 2], spans[4 * i + 3]),
    partition: partitions[i] ?? 0,
  }))
}

/** A buffer of Node's would give no copy when it is asked for a slice. */
function copyOf(bytes: Uint8Array, from: number | undefined, to: number | undefined): Uint8Array {
  return new Uint8Array(bytes.subarray(from, to))
}
