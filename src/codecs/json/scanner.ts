import type { PackedRecords, RecordMemory } from '../../model/packed-records.ts'
import type { Fields } from '../../model/schema.ts'
import type { Projection } from './projection.ts'

/**
 * Reads messages into a frame's columns as far as it is sure of them: a message that it takes gives just what `JSON.parse`
 * and the schema would make of it, and one it is not sure of is left to its caller. Two are equals: SIMD in WebAssembly, and
 * JavaScript where there is none.
 */
export interface Scanner<F extends Fields = Fields> {
  readonly projection: Projection<F>
  readonly memory: RecordMemory
  /** The record that `scan` stopped at. */
  readonly record: number
  /** Gets ready the records from `from` on, and returns the one before which it had to end. */
  load(records: PackedRecords, from: number): number
  /** Takes records, of those that were loaded, behind the frame's last row, and says why it stopped. */
  scan(from: number, to: number): Stop
  /** Forgets what it knows of the projection's dictionaries, which begin anew. */
  startAnew(): void
}

/** At the end; before a message for which the frame has no room; that it is not sure of; whose texts nobody can remember. */
export type Stop = typeof DONE | typeof NO_ROWS | typeof UNSURE | typeof FULL

export const DONE = 0
export const NO_ROWS = 1
export const UNSURE = -2
export const FULL = -3

/** A verdict over a key or value, beside UNSURE and FULL: nobody reads this key, the cell is empty. */
export const NOTHING = -1

/** Rows of a frame: so few that its columns stay in the processor's cache. */
export const rowsMax = 2_048
