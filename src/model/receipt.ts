/** The way of a record, hop by hop. */
export type Hop = 'sent' | 'acknowledged' | 'in the log' | 'read' | 'processed' | 'drawn'

/** What became of some records; the first four are losses. */
export type FindingKind =
  | 'missing'
  | 'repeated'
  | 'out of order'
  | 'altered'
  /** The log let go of them before the group came to them. */
  | 'overtaken by retention'
  /** In the log, and sent by nobody who gives receipts. */
  | 'from elsewhere'
  | 'topic made anew'

/** Something that does not add up, or that looks as if it did not and is explained. */
export interface Finding {
  readonly kind: FindingKind
  readonly isLoss: boolean
  readonly topic: string
  readonly partition: number
  /** The consumer group; null for what happened before any. */
  readonly group: string | null
  /** The hop that did not get them, or got them wrong. */
  readonly hop: Hop
  readonly records: number
  /** Offsets from one, up to and without the other; null where records have no offset, as before they are in the log. */
  readonly from: number | null
  readonly to: number | null
  /** For a person: `flights/2: 17 records 88,120-88,136 read by flights-per-day, never processed`. */
  readonly text: string
  /** When it was first seen, milliseconds since the epoch. */
  readonly since: number
}

/** Of a partition and a group: how many records came to each hop; null where nobody tells. */
export interface PartitionAccount {
  readonly partition: number
  readonly counts: Readonly<Record<Hop, number | null>>
}

export interface StreamAccount {
  readonly topic: string
  readonly group: string
  /** What tells of reading and processing: receipts of ours, or no more than the offsets the group committed. */
  readonly by: 'receipts' | 'committed offsets'
  readonly counts: Readonly<Record<Hop, number | null>>
  readonly partitions: readonly PartitionAccount[]
  readonly findings: readonly Finding[]
  /** Whether every hop that tells has all records of the one before. */
  readonly isEven: boolean
}
