/** A cluster as it was at one moment, from descriptions and offsets alone: nothing here needs to read a record. */
export interface ClusterSample {
  /** When it was asked, milliseconds since the epoch, and how long the answers took. */
  readonly at: number
  readonly tookMs: number
  readonly id: string
  /** The node that is the controller; null when nobody is. */
  readonly controller: number | null
  readonly nodes: readonly NodeSample[]
  /** By name. */
  readonly topics: readonly TopicSample[]
  /** By name. */
  readonly groups: readonly GroupSample[]
  /** What was not answered, as a sentence each: a group whose coordinator is away, a topic we may not describe. */
  readonly missing: readonly string[]
}

export interface NodeSample {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
  /** Null where the cluster does not say, or may not be asked. */
  readonly logDirs: readonly LogDirSample[] | null
}

export interface LogDirSample {
  readonly path: string
  /** Why it cannot be used; null for one that can. */
  readonly error: string | null
  /** What the logs in it take. */
  readonly logBytes: number
  /** Of the disk it lies on; null before Kafka 3.3. */
  readonly totalBytes: number | null
  readonly usableBytes: number | null
}

export interface TopicSample {
  readonly name: string
  /** Changes when the topic is deleted and made anew. */
  readonly id: string
  /** Kafka's own. */
  readonly isInternal: boolean
  readonly partitions: readonly PartitionSample[]
}

export interface PartitionSample {
  readonly partition: number
  /** Null when nobody leads it: it can be neither read nor written. */
  readonly leader: number | null
  readonly replicas: readonly number[]
  readonly inSync: readonly number[]
  /** The first offset that the log holds; null where it could not be asked. */
  readonly start: number | null
  /** The offset the next record will get. */
  readonly end: number | null
  /** Where readers of committed records stand before the first transaction that is open: the last stable offset. */
  readonly stableEnd: number | null
  /** What its log takes on its leader's disk. */
  readonly logBytes: number | null
}

/** As Kafka names them; `unknown` where its coordinator did not say. */
export type GroupStateName =
  | 'preparing-rebalance'
  | 'completing-rebalance'
  | 'assigning'
  | 'reconciling'
  | 'stable'
  | 'empty'
  | 'dead'
  | 'unknown'

export interface GroupSample {
  readonly name: string
  /** `classic`, `consumer` (KIP-848), `share`, `streams`, or what the cluster says. */
  readonly protocol: string
  readonly state: GroupStateName
  readonly members: readonly MemberSample[]
  /** What the group has committed; a partition that it never committed is absent. */
  readonly committed: readonly CommittedSample[]
}

export interface MemberSample {
  readonly id: string
  /** What a static member calls itself. */
  readonly instanceId: string | null
  readonly clientId: string
  readonly host: string
  readonly assigned: readonly { readonly topic: string; readonly partitions: readonly number[] }[]
}

export interface CommittedSample {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}
