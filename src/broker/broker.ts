import type { PackedOutgoing, PackedRecords, RecordMemory } from '../model/packed-records.ts'
import type { Topic } from '../topics/topic.ts'

/**
 * What Windsock asks of a broker. Apache Kafka (`kafka/`) and the in-process log (`memory/`) are equals behind it; one
 * suite of contract tests runs against both. Offsets are numbers: exact to 2^53.
 */
export interface Broker {
  readonly kind: 'kafka' | 'memory'
  /** Where it is, for a person: `127.0.0.1:9092`, or `memory`. */
  readonly address: string
  readonly admin: Admin
  /** A sender of its own. @param name who sends, for whoever looks at the broker */
  openPublisher(name: string): Publisher
  /**
   * The transactions of an id. Whoever opened them last owns them: an earlier owner is fenced by the broker, and what it left
   * open is aborted. Nothing is asked of the broker before `open`.
   */
  openTransactions(id: string, options?: TransactionOptions): Transactions
  openReader(options: ReadOptions): Reader
  /** Joins a consumer group that shares the partitions of a topic among its members. Ends by its signal, not by `close`. */
  joinGroup(options: GroupOptions): Membership
  /** Closes every publisher, reader and owner of transactions that is still open. */
  close(): Promise<void>
}

/** A record to be sent. */
export interface OutgoingRecord {
  /** Text or its bytes. */
  readonly key: string | Uint8Array
  /** Text or its bytes; null deletes the key from a compacted topic. */
  readonly value: string | Uint8Array | null
  /** Where it goes; left out, the key decides as Kafka's own clients do (murmur2). */
  readonly partition?: number
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * Sends records so that they arrive once and in order: one request is under way at a time, everything is acknowledged by all
 * in-sync replicas, and a broker that is away is waited for.
 */
export interface Publisher {
  /**
   * Resolves when every record is acknowledged. Waits and tries again while the broker is away, until `close`.
   *
   * @throws WindsockError `topic-missing`, `not-authorized`, `record-too-large`, `broker-refused`; `broker-unreachable` after
   * `close`
   */
  send(topic: string, records: readonly OutgoingRecord[]): Promise<void>
  close(): Promise<void>
}

export interface TransactionOptions {
  /** How long a transaction may last before the broker aborts it, from the first record sent; 60,000 when left out. */
  readonly timeoutMs?: number
  /** Where records are written: `open` sees to it that nothing of an earlier transaction is unfinished there. */
  readonly writesTo?: readonly WrittenTo[]
}

/** A partition of a topic, or all of them. */
export interface WrittenTo {
  readonly topic: string
  readonly partition?: number
}

/**
 * Sends records so that readers of committed records see all of a transaction or nothing of it, once and in order. There is
 * one transaction at a time; calls may overlap and take effect in their order.
 *
 * Every method throws WindsockError `fenced` once another owner has opened the same id, `transaction-lost` when the broker
 * has aborted the transaction because it lasted too long: then `open` begins anew. A broker that is away is waited for until
 * `close`, which makes what waits throw `broker-unreachable`.
 */
export interface Transactions {
  /** Fences earlier owners; resolves when what they, or this one, left open has ended. */
  open(): Promise<void>
  /**
   * Sends within the transaction that is under way, beginning one where there is none, and resolves when every record is
   * acknowledged. Readers of uncommitted records see them at once. After an error nothing of the transaction can be committed
   * any more: `abort` ends it.
   *
   * @throws WindsockError `usage` before `open`; else as `Publisher.send`
   */
  send(topic: string, records: readonly OutgoingRecord[]): Promise<void>
  /** As `send`, of records whose memory may be used again as soon as the call has returned. */
  sendPacked(topic: string, records: PackedOutgoing): Promise<void>
  /**
   * Resolves when the transaction is surely committed, which readers see within milliseconds; without any record there is
   * nothing to do. An answer that was lost is asked for again. When this throws `fenced`, `transaction-lost` or (at `close`) `broker-unreachable`, the commit may yet
   * have been the last thing that happened: the next owner sees it by reading.
   *
   * @throws WindsockError what a `send` of the transaction threw: it is still to be aborted
   */
  commit(): Promise<void>
  /** Waits for what is being sent and takes all of the transaction back. */
  abort(): Promise<void>
  /** Aborts what is open, if the broker is there; else the next owner or the timeout does. */
  close(): Promise<void>
}

/**
 * Where reading starts: given offsets (partitions left out start at the earliest), the first record sent at or after a time
 * (milliseconds since the epoch; the end, where there is none), or one of Kafka's own places.
 */
export type ReadStart =
  | ReadonlyMap<number, number>
  | { readonly timestamp: number }
  | 'earliest'
  | 'latest'
  | 'committed'

export interface ReadOptions {
  readonly topic: string
  /** `committed` needs a group and starts at the earliest record where nothing is committed. */
  readonly start: ReadStart
  /**
   * `all` is the default. `assigned` reads the partitions that `start` names, which are offsets then, and what is assigned
   * later.
   */
  readonly partitions?: 'all' | 'assigned'
  /**
   * Ends the reading when every partition has reached these offsets (exclusive); left out, it never ends by itself. While no
   * partition is assigned, it goes on.
   */
  readonly until?: ReadonlyMap<number, number>
  /**
   * `committed` leaves out the records of transactions that were aborted, and those behind the first one that is still open.
   * `uncommitted` is the default.
   */
  readonly isolation?: 'uncommitted' | 'committed'
  /** The group whose committed offsets `committed` starts at. Reading makes no member of it: that is `joinGroup`. */
  readonly group?: string
  /** Where fetched records are put, as far as it has room; left out, or where it has none, in buffers of the reader's own. */
  readonly memory?: RecordMemory
  /**
   * What the brokers may send ahead, all together. A reader holds twice as much at most: what is worked on, and what arrives
   * meanwhile. Only a record batch that is larger by itself is read all the same, and takes more as long as it is held.
   */
  readonly fetchBytesMax?: number
  readonly signal: AbortSignal
  /** Told when the broker goes away (the reason) and when it is back (undefined), while the reader keeps trying. */
  readonly onTrouble?: (reason: string | undefined) => void
}

/**
 * Iterates over batches, each of one partition, offsets rising. Batches are fetched as they are asked for, at most
 * `fetchBytesMax` ahead. Ends when the signal aborts or `until` is reached. Iterating again goes on where it was left.
 *
 * Iterating throws WindsockError `topic-missing`, `not-authorized`, `records-damaged`, `record-too-large`, or
 * `position-lost` when the log no longer holds what was asked for.
 *
 * The methods may be called at any time, also between two batches: what was fetched of a partition that is paused, moved or
 * released afterwards is not handed out any more. Partitions that are not read are passed over, except by `seek`.
 */
export interface Reader extends AsyncIterable<Batch> {
  /** Hands out nothing more of these partitions until they are resumed; they keep their positions. */
  pause(partitions: Iterable<number>): void
  resume(partitions: Iterable<number>): void
  /**
   * Goes on at other offsets.
   *
   * @throws WindsockError `usage` for a partition that is not read
   */
  seek(positions: ReadonlyMap<number, number>): void
  /** Reads these partitions as well, from these offsets on; one that is read already is moved. */
  assign(positions: ReadonlyMap<number, number>): void
  /** Reads these partitions no more. */
  release(partitions: Iterable<number>): void
  close(): Promise<void>
}

export interface Batch {
  readonly topic: string
  readonly partition: number
  /** The records where they lie. Their memory is used again: they are valid until the next batch is asked for. */
  readonly packed: PackedRecords
  /** The records as objects that may be kept. Made when they are asked for the first time, which has to be as early. */
  readonly records: readonly IncomingRecord[]
  /** The offset after this batch: where a reader that has stored its effect goes on. */
  readonly next: number
  /**
   * The offset the next record of this partition will get, as known now: `end - next` is the lag. For a reader of committed
   * records it is the first one whose transaction is still open, where there is such.
   */
  readonly end: number
}

export interface IncomingRecord {
  readonly offset: number
  /** When it was sent, milliseconds since the epoch. */
  readonly timestamp: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: ReadonlyMap<string, string>
}

export interface Admin {
  /**
   * Resolves when the broker answers.
   *
   * @throws WindsockError `broker-unreachable`, `not-authorized`; `broker-refused` for one that is too old; without retrying
   */
  probe(): Promise<void>
  /**
   * Creates the topics that are missing.
   *
   * @throws WindsockError `topic-mismatch` when one is there with other partitions or another cleanup
   */
  ensureTopics(topics: readonly Topic[]): Promise<void>
  /** Deletes the topics that are there, and resolves when they are gone. */
  deleteTopics(names: readonly string[]): Promise<void>
  listTopics(): Promise<readonly string[]>
  /**
   * @param isolation what the ends are: of all records, or of those that a reader of committed ones sees; `uncommitted` is the
   * default
   * @throws WindsockError `topic-missing`
   */
  describeTopic(name: string, isolation?: 'uncommitted' | 'committed'): Promise<TopicDescription>
  /** What a group has committed, by partition; partitions it never committed are absent. */
  committed(group: string, topic: string): Promise<ReadonlyMap<number, number>>
  /**
   * Deletes groups and what they committed. A member that crashed is waited for until its session is over.
   *
   * @throws WindsockError `group-active` when a group has members that live
   */
  deleteGroups(groups: readonly string[]): Promise<void>
}

export interface TopicDescription {
  readonly name: string
  /** Changes when the topic is deleted and made anew. */
  readonly id: string
  readonly partitions: readonly PartitionDescription[]
}

export interface PartitionDescription {
  readonly partition: number
  /** The first offset that the log still holds. */
  readonly start: number
  /** The offset the next record will get. */
  readonly end: number
}

/**
 * What a member of a group is told. For any one partition the calls come one after the other: `onGained`, then
 * `onReleased` or `onLost`, and nobody gains a partition before its last call has settled. A call that throws ends the
 * membership: everything is released, the group is left, and `done` rejects with what was thrown.
 */
export interface GroupOptions {
  readonly group: string
  readonly topic: string
  /**
   * Who this is over restarts: a process that comes back under the same id has back at once what it had, and an older
   * process of that id is fenced. Left out, a new one, whose partitions after a crash wait for the session's end.
   */
  readonly memberId?: string
  /**
   * These partitions are ours: resolves when the work on them has begun. What takes long, such as restoring a state, belongs
   * to the work, since a partition cannot be taken back before this has resolved.
   *
   * @param generation to be given to `commit` and `owns` with these partitions
   */
  onGained(partitions: readonly number[], generation: number): Promise<void>
  /**
   * These partitions are to be given up in order: finish, commit (which still works), then resolve. Only then may the
   * next member begin. A member that takes longer than the group's rebalance timeout (30 s) loses them all.
   */
  onReleased(partitions: readonly number[]): Promise<void>
  /** These partitions are lost already: nothing may be written or committed for them any more. */
  onLost(partitions: readonly number[]): void
  /** Told when the broker goes away (the reason) and when it is back (undefined). */
  readonly onTrouble?: (reason: string | undefined) => void
  /** Aborts: everything is released, then the group is left. */
  readonly signal: AbortSignal
}

/**
 * A place in a consumer group. It says who works on which partition, quickly and with an orderly hand-over; it is no proof
 * against a process that was suspended or cut off. Whoever needs that fences the earlier owner of what it writes.
 */
export interface Membership {
  /**
   * Resolves when the signal has aborted and the group is left. Rejects with WindsockError `fenced` when another process has
   * the same member id, `topic-missing`, `position-lost` when the topic was deleted and made anew, `not-authorized`,
   * `broker-refused`, or with what a call threw.
   */
  readonly done: Promise<void>
  /**
   * Whether the group has answered within the lease, which is shorter than its session. A process that was suspended, or is
   * cut off, sees false until it has asked again, and is not to write meanwhile. It costs nothing: ask before every write.
   */
  isCurrent(): boolean
  /**
   * Whether a partition is ours in that generation, be it that we are about to release it. Ask after every wait within
   * `onGained`: what is gained may be lost before the work on it has begun.
   */
  owns(partition: number, generation: number): boolean
  /**
   * Tells the group how far the work has come. Waits while the broker is away. A position of a partition that is not ours,
   * or no longer ours in that generation, is refused here, since brokers do not check it.
   *
   * @param generation what `onGained` gave with these partitions
   * @returns the partitions whose positions the group has now; those that are left out were refused
   */
  commit(positions: ReadonlyMap<number, number>, generation: number): Promise<readonly number[]>
}
