import type { PackedRecords, RecordMemory } from '../../model/packed-records.ts'
import type { Fields } from '../../model/schema.ts'
import type { Projection } from './projection.ts'
import type { Stop } from './verdicts.ts'

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
