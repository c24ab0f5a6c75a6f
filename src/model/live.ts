import type { RunStateName } from './status.ts'

/** What the dashboard's server sends to a page over its one connection, and what the page keeps. */

/** The tables a page draws; each row is an upsert under the table's key. */
export const liveTables = {
  prices: { key: ['symbol', 'date'], columns: ['symbol', 'date', 'open', 'high', 'low', 'close', 'volume'] },
  bollinger: { key: ['symbol', 'date'], columns: ['symbol', 'date', 'close', 'middle', 'upper', 'lower'] },
  aroon: { key: ['symbol', 'date'], columns: ['symbol', 'date', 'up', 'down', 'oscillator'] },
  'flights-per-day': { key: ['airline', 'day'], columns: ['airline', 'day', 'flights'] },
} as const

export type LiveTable = keyof typeof liveTables

/** Rows in columns: `columns.close[i]` belongs to `columns.date[i]`. Later rows replace earlier ones of the same key. */
export interface TableUpdate {
  readonly columns: Readonly<Record<string, readonly (string | number | null)[]>>
  /** When the newest record behind these rows was sent, milliseconds since the epoch; null when nothing says so. */
  readonly newestSentAt: number | null
}

/** One server-sent event named `update`. */
export interface LiveUpdate {
  /** The server's clock, milliseconds since the epoch: ages on the page are taken against it. */
  readonly at: number
  /** True for the first picture and after a gap: what the page held before is to be forgotten. */
  readonly full: boolean
  readonly tables: Readonly<Partial<Record<LiveTable, TableUpdate>>>
  readonly system: SystemStatus
}

export interface SystemStatus {
  readonly version: string
  readonly broker: BrokerStatus
  readonly processes: readonly ProcessView[]
  readonly topics: readonly TopicView[]
  /** Records set aside, each with its origin and reason, on the quarantine topic. */
  readonly quarantined: number
  /** Whether the sources play recorded data (`replay`) or live data; `ended` when everything recorded was played. */
  readonly playback: 'replay' | 'live' | 'ended'
  /** Whether a POST to `/play-again` begins the recorded data anew. */
  readonly canPlayAgain: boolean
}

export type BrokerStatus =
  | { readonly kind: 'up'; readonly address: string }
  | { readonly kind: 'down'; readonly since: number; readonly reason: string }

export interface ProcessView {
  readonly name: string
  readonly role: 'source' | 'analysis'
  readonly state: RunStateName
  /** When it last said something of itself, milliseconds since the epoch. */
  readonly heardAt: number
  readonly records: number
  readonly recordsPerSecond: number
  /** Records in the topic that this analysis has not folded yet; null for a source or when unknown. */
  readonly lagRecords: number | null
  /** When the newest record it handled was sent, milliseconds since the epoch. */
  readonly newestSentAt: number | null
  /** From 0 to 1 for a source of known length, else null. */
  readonly progress: number | null
  /** A sentence where there is something to say: why it failed, what it waits for. */
  readonly note: string | null
}

export interface TopicView {
  readonly name: string
  readonly partitions: number
  readonly records: number
  readonly recordsPerSecond: number
  /** When its newest record was sent, milliseconds since the epoch. */
  readonly newestSentAt: number | null
}
