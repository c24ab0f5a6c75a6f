/** The words for the life of anything that runs. */
export type RunStateName = 'starting' | 'running' | 'draining' | 'stopped' | 'failed'

/** What a process says of itself on the status topic, keyed by its name, about once a second. */
export interface ProcessReport {
  readonly name: string
  readonly role: 'source' | 'analysis'
  readonly state: RunStateName
  /** Milliseconds since the epoch, by the process' own clock. */
  readonly at: number
  readonly records: number
  readonly recordsPerSecond: number
  readonly lagRecords: number | null
  readonly newestSentAt: number | null
  readonly progress: number | null
  readonly playback: 'replay' | 'live' | null
  readonly note: string | null
  /** When the process began, milliseconds since the epoch. */
  readonly startedAt?: number | null
  /** Bytes of the records since the start: sent, or read. */
  readonly bytes?: number | null
  /** The longest time its event loop was blocked since the last report. */
  readonly blockedMs?: number | null
  /** For how long brokers asked it to wait since the last report. */
  readonly throttledMs?: number | null
}
