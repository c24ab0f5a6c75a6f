import { setTimeout as delay } from 'node:timers/promises'
import { WindsockError } from '../../../foundation/errors.ts'
import { isTransient, protocolError, protocolIds, reasonOf, translateKafkaError } from '../kafka-errors.ts'
import { MalformedBytes } from './byte-reader.ts'
import type { SessionOptions } from './broker-session.ts'
import type { Answer, Endpoint } from './connection.ts'
import type { FetchPartition } from './fetch-request.ts'
import type { FetchedPartition } from './fetch-response.ts'
import { type Fetched, LeaderFetcher } from './leader-fetcher.ts'
import { locateTopic } from './locate-topic.ts'
import type { TopicMetadata } from './metadata.ts'
import type { PartitionPosition, PartitionPositions } from '../../partition-positions.ts'
import type { Pieces } from './pieces.ts'
import { Troubles } from './troubles.ts'

/** How long a broker may wait for records before it says that there are none. */
const fetchWaitMs = 500
/** A share of the budget for every leader, and not less. */
const leaderBytesMin = 65_536
/** What an answer has room for is shared out among so many partitions, or fewer where fewer are asked for. */
const partitionsAtOnce = 4
/** A topic just made is not known to every broker at once. */
const missingMax = 3

/** Kafka's numbers of two errors. */
const unknownTopic = 3
const leaderNotAvailable = 5

export interface TopicFetcherOptions {
  readonly topic: string
  readonly topicId: string
  readonly brokers: readonly Endpoint[]
  readonly connection: SessionOptions
  readonly positions: PartitionPositions
  readonly pieces: Pieces
  /** Which partitions to ask for. */
  readonly isWanted: (position: PartitionPosition) => boolean
  readonly isCommitted: boolean
  /** What all answers under way may bring. */
  readonly answerBytesMax: number
  readonly onTrouble: (reason: string | undefined) => void
}

/** What a leader has sent, and nobody has taken up yet. The good partitions of it are those without an error. */
export interface Arrival {
  readonly answer: Answer
  readonly partitions: readonly FetchedPartition[]
}

interface Asked {
  readonly fetcher: LeaderFetcher
  /** By partition, the era of the question. */
  readonly eras: ReadonlyMap<number, number>
}

/**
 * Fetches from all leaders of a topic at once, one request under way at each of them, and finds the leaders again when they
 * move or go away. A partition that fails does not hold up the others.
 */
export class TopicFetcher {
  private readonly options: TopicFetcherOptions
  private readonly troubles: Troubles
  private readonly closing = new AbortController()
  private readonly fetchers = new Map<number, LeaderFetcher>()
  private readonly arrived: { asked: Asked; fetched: Fetched }[] = []
  private located: TopicMetadata | undefined
  /** Partitions that failed and are not asked for before their leader is found again. */
  private readonly lost = new Set<number>()
  private known: readonly Endpoint[] = []
  private isLocating = false
  private missing = 0
  private failure: unknown
  private wake: () => void = () => {}

  constructor(options: TopicFetcherOptions) {
    this.options = options
    this.troubles = new Troubles(options.onTrouble)
  }

  /** Asks every leader that is not being asked for what is wanted of it. */
  ask(): void {
    if (this.located === undefined) {
      this.locate()
      return
    }
    const wantedByNode = new Map<number, PartitionPosition[]>()
    for (const position of this.options.positions.all()) {
      if (!this.options.isWanted(position)) {
        this.troubles.over([position.partition])
        continue
      }
      if (this.lost.has(position.partition)) continue
      const node = this.located.leaders.get(position.partition)?.node ?? -1
      const wanted = wantedByNode.get(node)
      if (wanted === undefined) wantedByNode.set(node, [position])
      else wanted.push(position)
    }
    for (const [node, wanted] of wantedByNode) {
      const endpoint = this.located.nodes.get(node)
      if (endpoint === undefined) this.fail(partitionsOf(wanted), protocolError(leaderNotAvailable))
      else this.askLeader(node, endpoint, wanted, wantedByNode.size)
    }
  }

  /**
   * The next answer; undefined when something else has changed, or when nothing has for a while. Whoever takes it releases it.
   *
   * @throws whatever no waiting mends
   */
  async next(): Promise<Arrival | undefined> {
    const arrival = this.takeUp()
    if (arrival !== undefined || this.closing.signal.aborted) return arrival
    const { promise, resolve } = Promise.withResolvers<void>()
    this.wake = resolve
    const timer = setTimeout(resolve, fetchWaitMs)
    await promise
    clearTimeout(timer)
    return this.takeUp()
  }

  /** Positions have changed. */
  changed(): void {
    this.wake()
  }

  close(): void {
    this.closing.abort()
    for (const fetcher of this.fetchers.values()) fetcher.close()
    for (const { fetched } of this.arrived.splice(0)) fetched.answer.release()
    this.wake()
  }

  private askLeader(node: number, endpoint: Endpoint, wanted: readonly PartitionPosition[], leaders: number): void {
    const { topic, topicId, connection, pieces, isCommitted } = this.options
    const answerBytesMax = Math.max(leaderBytesMin, Math.floor(this.options.answerBytesMax / leaders))
    const fetcher = this.fetchers.get(node) ?? new LeaderFetcher(endpoint, connection, pieces)
    this.fetchers.set(node, fetcher)
    if (fetcher.isBusy || performance.now() < fetcher.quietUntil) return
    fetcher.isBusy = true
    const asked = { fetcher, eras: new Map(wanted.map(({ partition, era }) => [partition, era])) }
    const request = {
      topic: { name: topic, id: topicId },
      partitions: wanted.map((position) => this.partitionOf(position)),
      isCommitted,
      waitMs: fetchWaitMs,
      answerBytesMax,
      partitionBytesMax: Math.ceil(answerBytesMax / Math.min(partitionsAtOnce, wanted.length)),
    }
    fetcher.fetch(request).then(
      (fetched) => this.arrive(asked, fetched),
      (error: unknown) => this.lose(node, asked, error),
    )
  }

  private partitionOf({ partition, ahead, lastEpoch }: PartitionPosition): FetchPartition {
    return { partition, offset: ahead, leaderEpoch: this.located?.leaders.get(partition)?.epoch ?? -1, lastEpoch }
  }

  private arrive(asked: Asked, fetched: Fetched): void {
    if (this.closing.signal.aborted) {
      fetched.answer.release()
      return
    }
    this.arrived.push({ asked, fetched })
    this.wake()
  }

  /** The connection to a leader is gone, or it answered what nobody understands. */
  private lose(node: number, { fetcher, eras }: Asked, error: unknown): void {
    fetcher.close()
    if (this.fetchers.get(node) === fetcher) this.fetchers.delete(node)
    this.fail(eras.keys(), error)
  }

  /** Notes what failed and looks for the leaders again, unless no waiting mends it. */
  private fail(partitions: Iterable<number>, error: unknown): void {
    if (this.closing.signal.aborted) return
    if (error instanceof MalformedBytes) {
      this.failure ??= new WindsockError('broker-refused', `a broker's answer cannot be read: ${error.message}`)
    } else if (isFinal(error)) this.failure ??= error
    else {
      const failed = [...partitions]
      for (const partition of failed) this.lost.add(partition)
      this.troubles.failed(failed, reasonOf(error))
      this.locate()
    }
    this.wake()
  }

  private takeUp(): Arrival | undefined {
    const first = this.arrived.shift()
    if (first === undefined) {
      if (this.failure !== undefined) throw this.failure
      return undefined
    }
    const { asked, fetched } = first
    asked.fetcher.isBusy = false
    const { answer, response } = fetched
    const partitions = response.partitions.filter(
      ({ partition }) => this.options.positions.get(partition)?.era === asked.eras.get(partition),
    )
    try {
      if (response.error !== 0) throw protocolError(response.error)
      this.judge(partitions)
    } catch (error) {
      answer.release()
      throw error
    }
    return { answer, partitions: partitions.filter(({ error }) => error === 0) }
  }

  /** @throws for a partition whose error no waiting mends */
  private judge(partitions: readonly FetchedPartition[]): void {
    const { topic, positions } = this.options
    this.troubles.over(partitions.filter(({ error }) => error === 0).map(({ partition }) => partition))
    for (const { partition, error, divergesAt } of partitions) {
      const at = positions.get(partition)?.ahead ?? 0
      if (divergesAt !== undefined) {
        const what = `${topic}/${partition} was cut off at offset ${divergesAt} by a new leader: what was read up to ${at} is gone`
        throw new WindsockError('position-lost', what, { hint: 'Start again from an offset that the log holds' })
      }
      if (error === 0) continue
      const reason = protocolError(error)
      if (isFinal(reason))
        throw translateKafkaError(reason, `reading ${topic}/${partition} at offset ${at}`, this.addresses)
      this.fail([partition], reason)
    }
  }

  private get addresses(): string[] {
    return this.options.brokers.map(({ host, port }) => `${host}:${port}`)
  }

  private locate(): void {
    if (this.isLocating) return
    this.isLocating = true
    const { worst } = this.troubles
    const wait = worst === 0 ? 0 : Math.min(1_000, 25 * 2 ** Math.min(worst, 10))
    this.locateAfter(wait).catch((error: unknown) => this.fail([], error))
  }

  private async locateAfter(waitMs: number): Promise<void> {
    const { topic, topicId, brokers, connection, pieces, positions } = this.options
    await delay(waitMs, undefined, { signal: this.closing.signal })
    try {
      const found = await locateTopic(topic, [...brokers, ...this.known], connection, pieces)
      this.missing = found.error === unknownTopic ? this.missing + 1 : 0
      if (this.missing >= missingMax) {
        throw translateKafkaError(protocolError(unknownTopic), `reading topic ${topic}`, this.addresses)
      }
      if (found.error !== 0) throw protocolError(found.error)
      if (found.topicId !== topicId) throw new WindsockError('position-lost', `topic ${topic} was made anew`)
      this.isLocating = false
      this.take(found)
    } catch (error) {
      this.isLocating = false
      // Where there was no word of a leader yet, no partition can be read.
      this.fail(this.located === undefined ? partitionsOf(positions.all()) : this.lost, error)
    }
  }

  private take(found: TopicMetadata): void {
    const { topic, positions } = this.options
    this.known = [...found.nodes.values()]
    for (const [node, fetcher] of this.fetchers) {
      const endpoint = found.nodes.get(node)
      if (endpoint?.host === fetcher.endpoint.host && endpoint.port === fetcher.endpoint.port) continue
      fetcher.close()
      this.fetchers.delete(node)
    }
    this.located = found
    this.lost.clear()
    const foreign = partitionsOf(positions.all()).filter((partition) => !found.leaders.has(partition))
    if (foreign.length > 0) {
      this.failure ??= new WindsockError('position-lost', `topic ${topic} has no partition ${foreign.join(', ')}`)
    }
    this.wake()
  }
}

/** Errors that no waiting mends. Some that look so are settled by asking for the leaders again. */
function isFinal(error: unknown): boolean {
  if (error instanceof WindsockError) return !error.retriable
  if (protocolIds(error).some((id) => settledByLocating.includes(id))) return false
  return protocolIds(error).length > 0 && !isTransient(error)
}

function partitionsOf(positions: Iterable<PartitionPosition>): number[] {
  return Array.from(positions, ({ partition }) => partition)
}

const settledByLocating = [
  'UNKNOWN_TOPIC_OR_PARTITION',
  'UNKNOWN_TOPIC_ID',
  'INCONSISTENT_TOPIC_ID',
  'UNKNOWN_SERVER_ERROR',
]
