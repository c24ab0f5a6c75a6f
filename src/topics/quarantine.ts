import { type Topic } from './topic.ts'

/**
 * What did not fit, keyed by its origin: reading the same refused record again, in another analysis or after a crash,
 * replaces the entry instead of adding one.
 */
export const quarantine: Topic = { name: 'quarantine', partitions: 1, cleanup: 'compact', retentionMs: -1 }

export interface QuarantineEntry {
  /** `flights.csv:17` for a file's line, `flights/2:88120` for a topic's partition and offset. */
  readonly origin: string
  readonly reason: string
  /** The record as it came, cut where it is long. */
  readonly sample: string
  /** Who refused it. */
  readonly by: string
}
