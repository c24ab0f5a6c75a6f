import { setImmediate as breath, setTimeout as delay } from 'node:timers/promises'
import { WindsockError } from '../../foundation/errors.ts'
import { fetchBytesMax } from '../../foundation/limits.ts'
import type { Batch, Reader, ReadOptions, TopicDescription } from '../broker.ts'
import { type KafkaOptions, wireSettings } from './client-settings.ts'
import type { KafkaAdmin } from './kafka-admin.ts'
import { KafkaBatch } from './kafka-batch.ts'
import { isTransient, isUnknownTopic, protocolIds, reasonOf, translateKafkaError } from './kafka-errors.ts'
import { BatchWalk } from './wire/batch-walk.ts'
import type { FetchedPartition } from './wire/fetch-response.ts'
import { parseEndpoint } from './wire/locate-topic.ts'
import { type PartitionPosition, PartitionPositions } from '../partition-positions.ts'
import { Pieces } from './wire/pieces.ts'
import { scanBatches } from './wire/record-batches.ts'
import { RecordPacker } from './wire/record-packer.ts'
import { type Arrival, TopicFetcher } from './wire/topic-fetcher.ts'

const breathMs = 20

/** What an answer may have beside its records. */
const answerHeadsBytes = 262_144

/**
 * Fetches on sockets of its own at positions of its own, so that what comes next is always where the last stored effect
 * ended. Records stay where they were received, and nothing is made for each of them.
 */
export class KafkaReader implements Reader {
  private readonly options: KafkaOptions
  private readonly read: ReadOptions
  private readonly admin: KafkaAdmin
  private readonly stopped = new AbortController()
  private readonly stop: AbortSignal
  private readonly positions: PartitionPositions
  private readonly pieces: Pieces
  private readonly packer = new RecordPacker()
  private readonly walk: BatchWalk
  private topicId: string | undefined
  private fetcher: TopicFetcher | undefined
  private breathedAt = 0

  constructor(options: KafkaOptions, read: ReadOptions, admin: KafkaAdmin) {
    this.options = options
    this.read = read
    this.admin = admin
    this.stop = AbortSignal.any([read.signal, this.stopped.signal])
    this.positions = new PartitionPositions(read.topic)
    // An answer has its heads beside the records.
    this.pieces = new Pieces(read.memory, this.answerBytesMax + answerHeadsBytes)
    this.walk = new BatchWalk(this.packer, this.pieces)
    if (read.partitions === 'assigned') this.positions.assign(offsetsIn(read))
  }

  /** Aborted by `close`. */
  get closed(): AbortSignal {
    return this.stopped.signal
  }

  pause(partitions: Iterable<number>): void {
    this.positions.pause(partitions)
    this.fetcher?.changed()
  }

  resume(partitions: Iterable<number>): void {
    this.positions.resume(partitions)
    this.fetcher?.changed()
  }

  seek(positions: ReadonlyMap<number, number>): void {
    this.positions.seek(positions)
    this.fetcher?.changed()
  }

  assign(positions: ReadonlyMap<number, number>): void {
    this.positions.assign(positions)
    this.fetcher?.changed()
  }

  release(partitions: Iterable<number>): void {
    this.positions.release(partitions)
    this.fetcher?.changed()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch> {
    this.topicId ??= await this.patiently(() => this.begin())
    if (this.topicId === undefined) return
    const fetcher = this.openFetcher(this.topicId)
    const close = (): void => fetcher.close()
    this.stop.addEventListener('abort', close)
    this.fetcher = fetcher
    try {
      while (!this.stop.aborted && !this.isDone()) {
        fetcher.ask()
        const arrival = await fetcher.next()
        this.breathedAt = performance.now()
        if (arrival === undefined) continue
        try {
          yield* this.batchesOf(arrival, fetcher)
        } finally {
          arrival.answer.release()
        }
      }
    } catch (error) {
      throw translateKafkaError(error, `reading topic ${this.read.topic}`, this.options.brokers)
    } finally {
      this.stop.removeEventListener('abort', close)
      fetcher.close()
      this.walk.close()
      this.fetcher = undefined
      this.positions.forgetAllFetched()
    }
  }

  async close(): Promise<void> {
    this.stopped.abort()
  }

  private get answerBytesMax(): number {
    return this.read.fetchBytesMax ?? fetchBytesMax
  }

  private openFetcher(topicId: string): TopicFetcher {
    const { topic, isolation, onTrouble, group } = this.read
    return new TopicFetcher({
      topic,
      topicId,
      brokers: this.options.brokers.map(parseEndpoint),
      connection: wireSettings(this.options, group ?? 'reader', this.stop),
      positions: this.positions,
      pieces: this.pieces,
      isWanted: (position) => !position.isPaused && position.ahead < this.endOf(position),
      isCommitted: isolation === 'committed',
      answerBytesMax: this.answerBytesMax,
      onTrouble: (reason) => onTrouble?.(reason),
    })
  }

  /** The next answer is asked for before this one is worked on: where it begins is known from the heads of the batches. */
  private async *batchesOf({ answer, partitions }: Arrival, fetcher: TopicFetcher): AsyncGenerator<Batch> {
    const { piece } = answer
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
    const slices = partitions.flatMap((fetched) => {
      const position = this.positions.get(fetched.partition)
      if (position === undefined || fetched.start === fetched.end) return []
      const { next, leaderEpoch } = scanBatches(bytes, fetched.start, fetched.end, position.ahead)
      if (next > position.ahead) this.positions.fetched(fetched.partition, next, leaderEpoch)
      return [{ fetched, position }]
    })
    fetcher.ask()
    for (const { fetched, position } of slices) yield* this.batchesIn(fetched, position, piece)
  }

  private async *batchesIn(
    fetched: FetchedPartition,
    position: PartitionPosition,
    piece: Uint8Array,
  ): AsyncGenerator<Batch> {
    const { topic, isolation } = this.read
    const { partition, start, end, aborted, highWatermark, lastStableOffset } = fetched
    const isWanted = (): boolean => !this.stop.aborted && this.positions.get(partition)?.era === position.era
    if (!isWanted()) return
    const visibleEnd = isolation === 'committed' && lastStableOffset >= 0 ? lastStableOffset : highWatermark
    const origin = `${topic}/${partition}`
    const to = this.endOf(position)
    for (const next of this.walk.walk({ origin, piece, start, end, aborted, from: position.ahead, to })) {
      if (!isWanted()) return
      this.positions.handedOut(partition, next)
      const batch = new KafkaBatch(topic, partition, this.packer, next, Math.max(visibleEnd, next))
      yield batch
      batch.expire()
      await this.breathe()
      if (!isWanted()) return
    }
  }

  /** However long an answer takes to be worked on, what arrives meanwhile is received and timers have their turn. */
  private async breathe(): Promise<void> {
    if (performance.now() - this.breathedAt < breathMs) return
    await breath()
    this.breathedAt = performance.now()
  }

  private endOf({ partition }: PartitionPosition): number {
    const { until } = this.read
    return until === undefined ? Infinity : (until.get(partition) ?? 0)
  }

  private isDone(): boolean {
    if (this.read.until === undefined) return false
    if (this.read.partitions === 'assigned' && this.positions.size === 0) return false
    return Array.from(this.positions.all()).every((position) => position.position >= this.endOf(position))
  }

  /** Finds where to start. @returns the topic's id */
  private async begin(): Promise<string> {
    const found = await this.admin.describeTopic(this.read.topic)
    if (this.read.partitions !== 'assigned') this.positions.assign(await this.startIn(found))
    return found.id
  }

  private async startIn({ partitions }: TopicDescription): Promise<Map<number, number>> {
    const { topic, start, group, isolation } = this.read
    const offsetsAt = (timestamp: number): Promise<ReadonlyMap<number, number>> =>
      this.admin.offsetsAt(topic, partitions.length, timestamp, isolation === 'committed')
    const wanted = await (start === 'earliest'
      ? new Map<number, number>()
      : start === 'latest'
        ? offsetsAt(Infinity)
        : start === 'committed'
          ? this.admin.committed(group ?? '', topic)
          : 'timestamp' in start
            ? offsetsAt(start.timestamp)
            : start)
    return new Map(
      partitions.map(({ partition, start: first, end }) => {
        const at = wanted.get(partition) ?? first
        // Nothing was sent as late as that.
        if (at === -1 && typeof start === 'object' && 'timestamp' in start) return [partition, end]
        if (at < first || (at > end && start !== 'latest')) {
          throw new WindsockError('position-lost', `${topic}/${partition} holds offsets ${first} to ${end}, not ${at}`)
        }
        return [partition, at]
      }),
    )
  }

  /** Repeats while the broker is away, and says so; undefined when told to stop meanwhile. */
  private async patiently<T>(work: () => Promise<T>): Promise<T | undefined> {
    for (let attempt = 0; !this.stop.aborted; attempt++) {
      try {
        const value = await work()
        if (attempt > 1) this.read.onTrouble?.(undefined)
        return value
      } catch (error) {
        if (this.stop.aborted) return undefined
        if (isFinal(error)) throw translateKafkaError(error, `reading topic ${this.read.topic}`, this.options.brokers)
        // The first failure may be no more than a coordinator that moved.
        if (attempt === 1) this.read.onTrouble?.(reasonOf(error))
        await delay(Math.min(1_000, 50 * 2 ** attempt), undefined, { signal: this.stop }).catch(() => {})
      }
    }
    return undefined
  }
}

function offsetsIn({ start }: ReadOptions): ReadonlyMap<number, number> {
  if (typeof start === 'object' && !('timestamp' in start)) return start
  throw new WindsockError('usage', 'a reader of assigned partitions starts at given offsets')
}

function isFinal(error: unknown): boolean {
  if (error instanceof WindsockError) return !error.retriable
  return isUnknownTopic(error) || (protocolIds(error).length > 0 && !isTransient(error))
}
