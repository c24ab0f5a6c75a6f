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
  /** Closes every publisher, reader and owner of transactions that is still open. */
  close(): Promise<void>
}

/** A record to be sent. */
export interface OutgoingRecord {
  readonly key: string
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

/** Where reading starts: given offsets (partitions left out start at the earliest), or one of Kafka's own places. */
export type ReadStart = ReadonlyMap<number, number> | 'earliest' | 'latest' | 'committed'

export interface ReadOptions {
  readonly topic: string
  /** `committed` needs a group and starts at the earliest record where nothing is committed. */
  readonly start: ReadStart
  /** Ends the reading when every partition has reached these offsets (exclusive); left out, it never ends by itself. */
  readonly until?: ReadonlyMap<number, number>
  /**
   * The consumer group to be a member of. It has one member: a second one under the same name takes over, and the first
   * one's reading throws `fenced`.
   */
  readonly group?: string
  readonly signal: AbortSignal
  /** Which records of transactions are given: all of them at once, or those that are committed; `uncommitted` when left out. */
  readonly isolation?: 'uncommitted' | 'committed'
  /** Told when the broker goes away (the reason) and when it is back (undefined), while the reader keeps trying. */
  readonly onTrouble?: (reason: string | undefined) => void
}

/**
 * Iterates over batches, each of one partition, offsets rising. Batches are fetched as they are asked for, at most
 * `fetchBytesMax` ahead. Ends when the signal aborts or `until` is reached.
 *
 * Iterating throws WindsockError `topic-missing`, `not-authorized`, `fenced`, or `position-lost` when the log no longer holds
 * the start that was asked for.
 */
export interface Reader extends AsyncIterable<Batch> {
  /** Tells the group how far it has come; never beyond what is stored elsewhere. Needs a group. */
  commit(positions: ReadonlyMap<number, number>): Promise<void>
  close(): Promise<void>
}

export interface Batch {
  readonly topic: string
  readonly partition: number
  readonly records: readonly IncomingRecord[]
  /** The offset after this batch: where a reader that has stored its effect goes on. */
  readonly next: number
  /** The offset the next record of this partition will get, as known now: `end - next` is the lag. */
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
  /** Resolves when the broker answers. @throws WindsockError `broker-unreachable`, `not-authorized` at once, without retrying */
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
  /** @throws WindsockError `topic-missing` */
  describeTopic(name: string): Promise<TopicDescription>
  /** What a group has committed, by partition; partitions it never committed are absent. */
  committed(group: string, topic: string): Promise<ReadonlyMap<number, number>>
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
