import { randomUUID } from 'node:crypto'
import { WindsockError } from '../../foundation/errors.ts'
import { recordBytesMax } from '../../foundation/limits.ts'
import type { Topic } from '../../topics/topic.ts'
import type {
  Admin,
  Batch,
  Broker,
  IncomingRecord,
  OutgoingRecord,
  Publisher,
  Reader,
  ReadOptions,
  TopicDescription,
} from '../broker.ts'
import { partitionOf } from '../../model/partition.ts'
import { MemoryTransactions, type TransactionLog, type TransactionOwner } from './memory-transactions.ts'

const batchRecordsMax = 2_000

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

class MemoryLog implements Admin, TransactionLog {
  private readonly topics = new Map<string, MemoryTopic>()
  private readonly commits = new Map<string, Map<number, number>>()
  private readonly owners = new Map<string, symbol>()
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
    this.wake()
  }

  async listTopics(): Promise<readonly string[]> {
    return [...this.topics.keys()]
  }

  async describeTopic(name: string): Promise<TopicDescription> {
    const topic = this.topic(name)
    const partitions = topic.partitions.map(({ start, end }, partition) => ({ partition, start, end }))
    return { name, id: topic.id, partitions }
  }

  async committed(group: string, topic: string): Promise<ReadonlyMap<number, number>> {
    return new Map(this.commits.get(`${group} ${topic}`))
  }

  async deleteGroups(groups: readonly string[]): Promise<void> {
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
    const me = Symbol(options.group)
    let isOpen = true
    if (options.group !== undefined) this.owners.set(options.group, me)
    this.wake()
    const check = (): boolean => {
      if (options.group !== undefined && this.owners.get(options.group) !== me) {
        throw new WindsockError('fenced', `another member of group ${options.group} has taken over`)
      }
      return isOpen && !this.closed && !options.signal.aborted
    }
    return {
      [Symbol.asyncIterator]: () => this.read(options, check),
      commit: async (positions) => {
        if (options.group === undefined) throw new WindsockError('usage', 'a reader without a group cannot commit')
        check()
        const key = `${options.group} ${options.topic}`
        this.commits.set(key, new Map([...(this.commits.get(key) ?? []), ...positions]))
      },
      close: async () => {
        isOpen = false
        if (options.group !== undefined && this.owners.get(options.group) === me) this.owners.delete(options.group)
        this.wake()
      },
    }
  }

  async close(): Promise<void> {
    this.closed = true
    this.wake()
  }

  private async *read(options: ReadOptions, check: () => boolean): AsyncGenerator<Batch> {
    const stop = (): void => this.wake()
    options.signal.addEventListener('abort', stop)
    try {
      const id = this.topic(options.topic).id
      const positions = this.startOf(options)
      while (check()) {
        const topic = this.topic(options.topic)
        if (topic.id !== id) throw new WindsockError('position-lost', `topic ${options.topic} was made anew`)
        let idle = true
        for (const [partition, position] of positions) {
          const batch = this.batchAt(topic, partition, position, options)
          if (batch === undefined) continue
          positions.set(partition, batch.next)
          idle = false
          yield batch
          if (!check()) return
        }
        const { until } = options
        if (until !== undefined && [...positions].every(([p, position]) => position >= (until.get(p) ?? 0))) return
        if (idle) await new Promise<void>((resolve) => this.waiting.add(resolve))
      }
    } finally {
      options.signal.removeEventListener('abort', stop)
    }
  }

  private startOf(options: ReadOptions): Map<number, number> {
    const topic = this.topic(options.topic)
    const { start, group } = options
    const committed = this.commits.get(`${group} ${options.topic}`)
    return new Map(
      topic.partitions.map(({ start: first, end }, partition) => {
        if (start === 'latest') return [partition, end]
        const wanted =
          start === 'earliest' ? first : start === 'committed' ? committed?.get(partition) : start.get(partition)
        if (wanted !== undefined && (wanted < first || wanted > end)) {
          throw new WindsockError(
            'position-lost',
            `${options.topic}/${partition} holds offsets ${first} to ${end}, not ${wanted}`,
          )
        }
        return [partition, wanted ?? first]
      }),
    )
  }

  private batchAt(topic: MemoryTopic, partition: number, position: number, options: ReadOptions): Batch | undefined {
    const log = topic.partitions[partition]
    if (log === undefined) return undefined
    if (position < log.start) {
      throw new WindsockError('position-lost', `${topic.spec.name}/${partition} no longer holds offset ${position}`)
    }
    const isCommittedOnly = options.isolation === 'committed'
    const to = Math.min(isCommittedOnly ? stableEndOf(log) : log.end, options.until?.get(partition) ?? Infinity)
    if (to <= position) return undefined
    const first = indexOf(log.records, position)
    const all = log.records.slice(first, Math.min(first + batchRecordsMax, indexOf(log.records, to)))
    const isLast = first + all.length >= indexOf(log.records, to)
    const next = isLast ? to : (all.at(-1)?.offset ?? to - 1) + 1
    const records = isCommittedOnly ? all.filter(({ offset }) => !log.aborted.has(offset)) : all
    return { topic: topic.spec.name, partition, records, next, end: log.end }
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

  private wake(): void {
    const resolvers = [...this.waiting]
    this.waiting.clear()
    for (const resolve of resolvers) resolve()
  }
}

/** What a record is reckoned to take, its own object included. */
function sizeOf(key: Uint8Array | null, value: Uint8Array | null): number {
  return (key?.length ?? 0) + (value?.length ?? 0) + 200
}

/** The index of the first record at or behind an offset. */
function indexOf(records: readonly IncomingRecord[], offset: number): number {
  let low = 0
  let high = records.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((records[middle]?.offset ?? Infinity) < offset) low = middle + 1
    else high = middle
  }
  return low
}

/** Below it, every transaction has ended. */
function stableEndOf(log: Partition): number {
  return Math.min(log.end, ...log.ongoing.values())
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
