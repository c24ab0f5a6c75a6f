import type { GroupStateName } from './cluster.ts'
import type { StreamAccount } from './receipt.ts'

/** What the monitor makes of the samples: everything that a terminal, a page, a scraper or a rule can ask. */
export interface MonitorState {
  /** When this was said, milliseconds since the epoch. */
  readonly at: number
  /** When the cluster last answered; null before the first time. */
  readonly heardAt: number | null
  /** Whether that is so long ago that no figure may be taken for fresh. */
  readonly isStale: boolean
  /** Why it does not answer; null while it does. */
  readonly trouble: string | null
  readonly cluster: ClusterState | null
  readonly topics: readonly TopicState[]
  readonly groups: readonly GroupState[]
  readonly processes: readonly ProcessState[]
  /** Null where no receipts are kept. */
  readonly receipts: readonly StreamAccount[] | null
  readonly alerts: readonly AlertView[]
}

export interface ClusterState {
  readonly id: string
  readonly controller: number | null
  readonly nodes: readonly NodeState[]
  readonly topics: number
  readonly partitions: number
  readonly groups: number
  /** Partitions with fewer replicas in sync than they have, and without a leader: `flights/2`. */
  readonly underReplicated: readonly string[]
  readonly offline: readonly string[]
  /** How long the last refresh took. */
  readonly refreshMs: number
  /** What could not be asked. */
  readonly missing: readonly string[]
  /** Warnings and errors of the broker's own log, the newest last; null where its log is not here. */
  readonly logWarnings: readonly string[] | null
}

export interface NodeState {
  readonly id: number
  readonly address: string
  readonly isController: boolean
  readonly leads: number
  readonly logBytes: number | null
  /** Of the fullest disk. */
  readonly diskTotalBytes: number | null
  readonly diskUsableBytes: number | null
  /** Log folders that cannot be used. */
  readonly diskErrors: readonly string[]
}

export interface TopicState {
  readonly name: string
  readonly isInternal: boolean
  /** Offsets between start and end: without transactions and compaction as many as records. */
  readonly records: number
  readonly logBytes: number | null
  readonly recordsInPerSecond: number | null
  readonly bytesInPerSecond: number | null
  /** What groups have committed a second, all together. */
  readonly recordsOutPerSecond: number | null
  /** When it last grew, as far as was watched; null when it has not. */
  readonly grewAt: number | null
  readonly partitions: readonly PartitionState[]
}

export interface PartitionState {
  readonly partition: number
  readonly leader: number | null
  readonly start: number | null
  readonly end: number | null
  readonly logBytes: number | null
  readonly recordsInPerSecond: number | null
  readonly bytesInPerSecond: number | null
}

export interface GroupState {
  readonly name: string
  readonly protocol: string
  readonly state: GroupStateName
  readonly members: readonly MemberState[]
  readonly topics: readonly GroupTopicState[]
}

export interface MemberState {
  readonly id: string
  readonly clientId: string
  readonly host: string
  /** `flights/2` */
  readonly assigned: readonly string[]
}

/** A group on one of its topics. */
export interface GroupTopicState {
  readonly topic: string
  /** Records not processed yet, of the partitions where that is known; null where none is. */
  readonly lagRecords: number | null
  /** Partitions that the group never committed: their lag is not zero but unknown. */
  readonly neverCommitted: number
  /** The age of the oldest record not processed yet; 0 when there is none, null when it is unknown. */
  readonly lagMs: number | null
  readonly recordsPerSecond: number | null
  readonly drain: DrainTime
  /** The largest lag of a partition over the mean of all; null without lag. */
  readonly skew: number | null
  /** Why it lags; null where it does not, or nobody can tell. */
  readonly cause: LagCause | null
  readonly partitions: readonly GroupPartitionState[]
}

export interface GroupPartitionState {
  readonly partition: number
  /** The member that has it. */
  readonly owner: string | null
  /** Null when never. */
  readonly committed: number | null
  /** What the group can come to now: the last stable offset. */
  readonly end: number | null
  readonly lagRecords: number | null
  readonly lagMs: number | null
  readonly recordsPerSecond: number | null
  /** Records that retention took before the group came to them. */
  readonly overtaken: number
}

/** When the slowest partition will have caught up. */
export type DrainTime =
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown' }
  /** It does not catch up at the rates of late. */
  | { readonly kind: 'never'; readonly partition: number }
  | {
      readonly kind: 'drains'
      readonly partition: number
      readonly lowMs: number
      readonly middleMs: number
      /** Infinity when it may be never. */
      readonly highMs: number
    }

export type LagCauseKind =
  | 'consumer-gone'
  | 'consumer-silent'
  | 'rebalance'
  | 'event-loop-blocked'
  | 'poison-record'
  | 'broker-throttle'
  | 'hot-partition'
  | 'slower-than-input'
  | 'feed-silent'

export interface LagCause {
  readonly kind: LagCauseKind
  /** One sentence that names the thing. */
  readonly text: string
  /** What was seen, a sentence each. */
  readonly evidence: readonly string[]
  /** What to do about it. */
  readonly advice: string
}

/** What a process of ours says of itself, and since when it says nothing. */
export interface ProcessState {
  readonly name: string
  readonly role: 'source' | 'analysis'
  readonly state: string
  readonly heardAt: number
  readonly startedAt: number | null
  readonly recordsPerSecond: number
  readonly bytesPerSecond: number | null
  /** The longest time its event loop was blocked in the last second. */
  readonly blockedMs: number | null
  /** For how long brokers asked it to wait in the last second. */
  readonly throttledMs: number | null
  readonly note: string | null
}

export type AlertStateName = 'firing' | 'acknowledged' | 'silenced' | 'resolved'

export interface AlertView {
  /** The rule's name and what it is about: `lag-time aroon/prices`. */
  readonly id: string
  readonly rule: string
  readonly subject: string
  readonly severity: 'warning' | 'critical'
  readonly state: AlertStateName
  readonly since: number
  /** What is wrong, with its figure. */
  readonly text: string
  /** What to do. */
  readonly advice: string
}
