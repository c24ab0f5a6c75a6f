import { randomUUID } from 'node:crypto'
import { WindsockError } from '../../foundation/errors.ts'
import { recordBytesMax } from '../../foundation/limits.ts'
import type { Topic } from '../../topics/topic.ts'
import type {
  Admin,
  Broker,
  IncomingRecord,
  OutgoingRecord,
  Publisher,
  Reader,
  ReadOptions,
  TopicDescription,
} from '../broker.ts'
import { partitionOf } from '../../model/partition.ts'
import { groupActive } from '../group/group-active.ts'
import { indexOf, MemoryReader, type ReadableLog, stableEndOf } from './memory-reader.ts'
import { MemoryTransactions, type TransactionLog, type TransactionOwner } from './memory-transactions.ts'
import { type GroupLog, MemoryGroups } from './memory-group.ts'

export interface MemoryBrokerOptions {
  /** Milliseconds since the epoch. */
  readonly now?: () => number
  /**
   * What a partition may hold: beyond it, the older half of a topic goes, as retention would have it; of a compacted topic
   * the records that newer ones of their key replace.
   */
  readonly partitionBytesMax?: number
}

/** A broker in this process: for tests, and for a look at the charts on a machine without Java. Nothing is kept. */
export function createMemoryBroker(options: MemoryBrokerOptions = {}): Broker {
  const log = new MemoryLog(options.now ?? Date.now, options.partitionBytesMax ?? 268_435_456)
  return {
    kind: 'memory',
    address: 'memory',
    admin: log,
    openPublisher: () => log.openPublisher(),
    openTransactions: (id, transactions) => new MemoryTransactions(log, id, transactions),
    openReader: (read) => log.openReader(read),
    joinGroup: (group) => log.groups.join(group),
    close: () => log.close(),
  }
}

interface Partition {
  /** The first offset that is held, and the one the next record gets. */
  start: number
  end: number
  /** By rising offset; compaction leaves gaps. */
  records: IncomingRecord[]
  bytes: number
  /** The bytes at which old records go next. */
  bytesMax: number
  /** The first offset of every transaction that is under way here. */
  readonly ongoing: Map<object, number>
  /** The offsets of records whose transaction was aborted. */
  readonly aborted: Set<number>
}

interface MemoryTopic {
  readonly id: string
  readonly spec: Topic
  readonly partitions: Partition[]
}

class MemoryLog implements Admin, ReadableLog, TransactionLog, GroupLog {
  readonly groups: MemoryGroups = new MemoryGroups(this)
  private readonly topics = new Map<string, MemoryTopic>()
  private readonly commits = new Map<string, Map<number, number>>()
  private readonly transactions = new Map<string, TransactionOwner>()
  /** The transaction of a record, while anybody may ask. */
  private readonly authors = new WeakMap<IncomingRecord, object>()
  private readonly waiting = new Set<() => void>()
  private readonly now: () => number
  private readonly partitionBytesMax: number
  private closed = false

  constructor(now: () => number, partitionBytesMax: number) {
    this.now = now
    this.partitionBytesMax = partitionBytesMax
  }

  async probe(): Promise<void> {
    if (this.closed) throw new WindsockError('broker-unreachable', 'the in-process log is closed')
  }

  async ensureTopics(topics: readonly Topic[]): Promise<void> {
    for (const spec of topics) {
      const known = this.topics.get(spec.name)
      if (known === undefined) {
        const bytesMax = this.partitionBytesMax
        const makeOne = (): Partition => ({
          start: 0,
          end: 0,
          records: [],
          bytes: 0,
          bytesMax,
          ongoing: new Map(),
          aborted: new Set(),
        })
        const partitions = Array.from({ length: spec.partitions }, makeOne)
        this.topics.set(spec.name, { id: randomUUID(), spec, partitions })
      } else if (known.spec.partitions !== spec.partitions || known.spec.cleanup !== spec.cleanup) {
        throw new WindsockError(
          'topic-mismatch',
          `topic ${spec.name} has ${known.spec.partitions} partitions and cleanup ${known.spec.cleanup}, wanted ${spec.partitions} and ${spec.cleanup}`,
        )
      }
    }
    this.wake()
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    for (const name of names) this.topics.delete(name)
    this.groups.checkTopics()
    this.wake()
  }

  async listTopics(): Promise<readonly string[]> {
    return [...this.topics.keys()]
  }

  async describeTopic(name: string, isolation?: 'uncommitted' | 'committed'): Promise<TopicDescription> {
    const topic = this.topic(name)
    const partitions = topic.partitions.map((log, partition) => {
      return { partition, start: log.start, end: isolation === 'committed' ? stableEndOf(log) : log.end }
    })
    return { name, id: topic.id, partitions }
  }

  async committed(group: string, topic: string): Promise<ReadonlyMap<number, number>> {
    return new Map(this.commits.get(`${group} ${topic}`))
  }

  async deleteGroups(groups: readonly string[]): Promise<void> {
    for (const group of groups) if (this.groups.isActive(group)) throw groupActive(group)
    for (const key of this.commits.keys()) {
      if (groups.some((group) => key.startsWith(`${group} `))) this.commits.delete(key)
    }
  }

  openPublisher(): Publisher {
    let isOpen = true
    return {
      send: async (name, records) => {
        if (!isOpen || this.closed) throw new WindsockError('broker-unreachable', 'the publisher is closed')
        this.append(name, records)
      },
      close: async () => {
        isOpen = false
      },
    }
  }

  openReader(options: ReadOptions): Reader {
    return new MemoryReader(this, options)
  }

  get isOpen(): boolean {
    return !this.closed
  }

  partitionsOf(topic: string): MemoryTopic {
    return this.topic(topic)
  }

  changed(): Promise<void> {
    return new Promise((resolve) => this.waiting.add(resolve))
  }

  findTopic(name: string): { readonly id: string; readonly partitions: number } | undefined {
    const topic = this.topics.get(name)
    return topic === undefined ? undefined : { id: topic.id, partitions: topic.partitions.length }
  }

  commit(group: string, topic: string, positions: ReadonlyMap<number, number>): void {
    const key = `${group} ${topic}`
    this.commits.set(key, new Map([...(this.commits.get(key) ?? []), ...positions]))
  }

  async close(): Promise<void> {
    this.closed = true
    this.wake()
  }

  own(id: string, owner: TransactionOwner): void {
    if (this.closed) throw new WindsockError('broker-unreachable', 'the in-process log is closed')
    const before = this.transactions.get(id)
    this.transactions.set(id, owner)
    if (before !== owner) before?.fence()
  }

  end(transaction: object, outcome: 'commit' | 'abort'): void {
    for (const { partitions } of this.topics.values()) {
      for (const log of partitions) {
        const first = log.ongoing.get(transaction)
        if (first === undefined) continue
        log.ongoing.delete(transaction)
        if (outcome === 'abort') {
          for (const record of log.records.slice(indexOf(log.records, first))) {
            if (this.authors.get(record) === transaction) log.aborted.add(record.offset)
          }
        }
        log.end++ // as Kafka's markers do
      }
    }
    this.wake()
  }

  append(name: string, records: readonly OutgoingRecord[], transaction?: object): void {
    if (this.closed) throw new WindsockError('broker-unreachable', 'the in-process log is closed')
    const topic = this.topic(name)
    const made = records.map(({ key, value, partition, headers }) => {
      const bytes = value === null ? null : Buffer.from(value)
      if (bytes !== null && bytes.length > recordBytesMax) {
        throw new WindsockError(
          'record-too-large',
          `a record of ${bytes.length} bytes is larger than topic ${name} takes`,
        )
      }
      return {
        into: partition ?? partitionOf(key, topic.partitions.length),
        key: Buffer.from(key),
        value: bytes,
        headers,
      }
    })
    for (const { into, key, value, headers } of made) {
      const log = topic.partitions[into]
      if (log === undefined) throw new WindsockError('broker-refused', `topic ${name} has no partition ${into}`)
      const entries = new Map(Object.entries(headers ?? {}))
      if (transaction !== undefined && !log.ongoing.has(transaction)) log.ongoing.set(transaction, log.end)
      const record = { offset: log.end++, timestamp: this.now(), key, value, headers: entries }
      if (transaction !== undefined) this.authors.set(record, transaction)
      log.records.push(record)
      log.bytes += sizeOf(key, value)
      if (log.bytes > log.bytesMax) {
        if (topic.spec.cleanup === 'compact') compact(log, this.partitionBytesMax)
        else dropOldest(log)
      }
    }
    this.wake()
  }

  private topic(name: string): MemoryTopic {
    const topic = this.topics.get(name)
    if (topic === undefined) throw new WindsockError('topic-missing', `there is no topic ${name}`)
    return topic
  }

  wake(): void {
    const resolvers = [...this.waiting]
    this.waiting.clear()
    for (const resolve of resolvers) resolve()
  }
}

/** What a record is reckoned to take, its own object included. */
function sizeOf(key: Uint8Array | null, value: Uint8Array | null): number {
  return (key?.length ?? 0) + (value?.length ?? 0) + 200
}

/** Drops the older half at once, so that its cost is spread thin. */
function dropOldest(log: Partition): void {
  for (const { key, value } of log.records.splice(0, Math.ceil(log.records.length / 2))) log.bytes -= sizeOf(key, value)
  log.start = log.records[0]?.offset ?? log.end
  for (const offset of log.aborted) if (offset < log.start) log.aborted.delete(offset)
}

/** Keeps the newest committed record of every key, and what may yet be committed; when that alone is much, the next compaction waits for as much again. */
function compact(log: Partition, bytesMax: number): void {
  const newest = new Map<string, IncomingRecord>()
  const stable = indexOf(log.records, stableEndOf(log))
  for (const record of log.records.slice(0, stable)) {
    if (!log.aborted.delete(record.offset)) newest.set(Buffer.from(record.key ?? []).toString('latin1'), record)
  }
  const unstable = log.records.slice(stable)
  log.records = [...[...newest.values()].toSorted((a, b) => a.offset - b.offset), ...unstable]
  log.bytes = 0
  for (const { key, value } of log.records) log.bytes += sizeOf(key, value)
  log.bytesMax = Math.max(bytesMax, 2 * log.bytes)
}
