import type { Frame } from '../model/frame.ts'
import type { Fields, Schema } from '../model/schema.ts'

/** When a row happened, milliseconds since the epoch in the row's own time; undefined when the row does not say. */
export type TimeOf<F extends Fields> = (frame: Frame<F>, index: number) => number | undefined

/** Where observations are born. */
export interface Source<F extends Fields = Fields> {
  readonly name: string
  readonly schema: Schema<F>
  /** Tells the same rows in the same order from other rows: a resumed publish goes on only where this is equal. */
  readonly fingerprint: string
  /** Bytes to read in all, for a progress figure; undefined when nobody knows. */
  readonly bytes: number | undefined
  /** Bytes read by the latest `observe`, somewhat ahead of the frames it has yielded. */
  readonly bytesRead: number
  /** As {@link TimeOf}; needs no `this`. */
  timeOf(frame: Frame<F>, index: number): number | undefined
  /**
   * Yields frames of at most a few thousand rows, the same ones at every call; rows that do not fit are the frames' refusals,
   * with their line. Ends at the end of the data or when the signal aborts; throws a WindsockError when the source
   * itself cannot be read.
   */
  observe(signal: AbortSignal): AsyncIterable<Frame<F>>
}
