import type { Fields, Schema } from '../model/schema.ts'

/** A topic as the broker knows it. Declared once; whoever needs it creates it so and checks that it is so. */
export interface Topic {
  readonly name: string
  readonly partitions: number
  /** `compact` keeps the newest record of every key for good; `delete` keeps all of them for `retentionMs`. */
  readonly cleanup: 'delete' | 'compact'
  /** Milliseconds, or -1 for ever. */
  readonly retentionMs: number
}

/** A topic of observations, each a record of `schema`, keyed so that all of a key keep their order. */
export interface Stream<F extends Fields = Fields> extends Topic {
  readonly schema: Schema<F>
  /** The field whose text is the record's key; empty where it is made of several. */
  readonly key: string
  /** Of records made of others: the field that says when the newest of those was sent, milliseconds since the epoch. */
  readonly sentAt?: string
}

export const dayMs = 86_400_000
