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
