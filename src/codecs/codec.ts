import type { Frame } from '../model/frame.ts'
import type { PackedRecords, RecordMemory } from '../model/packed-records.ts'
import type { Fields, Schema } from '../model/schema.ts'

/** A format of messages. JSON is the first; Avro and Protobuf have the same place. */
export interface Codec {
  readonly name: string
  openDecoder<F extends Fields>(options: DecoderOptions<F>): Decoder<F>
}

export interface DecoderOptions<F extends Fields = Fields> {
  readonly schema: Schema<F>
  /** The fields that are wanted: the others are not decoded and their values are not judged. */
  readonly reads: readonly (keyof F & string)[]
  /**
   * `checked` validates every message to its last byte. `early-stop` leaves off behind the last wanted column: what is invalid
   * beyond it passes unseen.
   */
  readonly mode?: 'checked' | 'early-stop'
}

/** Turns messages into frames of the wanted columns. */
export interface Decoder<F extends Fields = Fields> {
  /** Messages in memory from here are decoded where they lie; others are copied first. */
  readonly memory: RecordMemory
  /**
   * The messages' rows in order. A frame is valid until the next one is asked for: its memory is used again.
   *
   * @param origin where they came from: `flights/2`
   */
  decode(records: PackedRecords, origin: string): Iterable<Frame<F>>
  close(): void
}
