import { setTimeout as delay } from 'node:timers/promises'
import { WindsockError } from '../../../foundation/errors.ts'
import { publishPendingBytesMax, publishRequestBytesMax } from '../../../foundation/limits.ts'
import type { PackedOutgoing } from '../../../model/packed-records.ts'
import { createPartitioner } from '../../../model/partition.ts'
import type { OutgoingRecord } from '../../broker.ts'
import { translateKafkaError } from '../kafka-errors.ts'
import type { Author } from './author.ts'
import type { BatchMemory } from './batch-memory.ts'
import type { Cluster, Leaders } from './cluster.ts'
import { Lane, type ProducerId } from './lane.ts'
import { backOff, isWorthWaiting, patiently } from './patience.ts'
import { produce, type ProduceAnswer } from './produce-request.ts'
import { refusalOf, verdictOn } from './produce-verdict.ts'
import { Sending } from './sending.ts'

/** How long a topic that was there may be said to be missing: a broker that starts learns of topics one by one. */
const missingTopicMs = 5_000

interface TopicLanes {
  readonly partitionOf: (key: string | Uint8Array) => number
  readonly lanes: readonly Lane[]
}

/** Something in the order of calls: records, or a point that all before it have to be settled at. */
type Call = Sending | Barrier

class Barrier {
  readonly reached = Promise.withResolvers<void>()
}

/**
 * Sends records in the order of the calls, each partition's exactly so: encodes them as they come into one batch a partition,
 * and has one request under way for each leader, with all that has gathered meanwhile. What is not acknowledged is sent again
 * unchanged; the broker knows it by its numbers.
 */
export class Sender {
  /** Of what is being sent: see `takeTurnsWith`. */
  turn = 0
  private readonly cluster: Cluster
  private readonly memory: BatchMemory
  private readonly author: Author
  private readonly channel: number
  private readonly calls: Call[] = []
  private readonly topics = new Map<string, TopicLanes>()
  /** Lanes with a batch to be sent and none under way, the longest waiting first. */
  private readonly ready = new Set<Lane>()
  /** Lanes whose first batch is under way or to be sent again. */
  private readonly underWay = new Set<Lane>()
  /** Leaders that have a request, or are given time after a failure. */
  private readonly busy = new Set<number>()
  private readonly failures = new Map<number, number>()
  private readonly closing: AbortController
  private readonly onIdle: (() => void)[] = []
  private pendingBytes = 0
  private other: Sender | undefined
  private isLookingUp = false
  private isWoken = false
  private isPumping = false

  /** @param closing aborted by `close`: what fails from then on is not tried again */
  constructor(cluster: Cluster, memory: BatchMemory, author: Author, closing: AbortController) {
    this.cluster = cluster
    this.memory = memory
    this.author = author
    this.channel = cluster.nextChannel()
    this.closing = closing
  }

  send(topic: string, records: readonly OutgoingRecord[]): Promise<void> {
    return this.take(topic, records)
  }

  /** The records' memory may be used again when the call has returned. */
  sendPacked(topic: string, records: PackedOutgoing): Promise<void> {
    return this.take(topic, records)
  }

  private async take(topic: string, records: readonly OutgoingRecord[] | PackedOutgoing): Promise<void> {
    if (this.closing.signal.aborted) throw closed(topic)
    if (records.length === 0) return
    const sending = new Sending(topic, records)
    this.calls.push(sending)
    this.encode()
    sending.keep()
    return sending.settled
  }

  /** Resolves when all that was sent before is settled. Nothing sent later begins before the returned function is called. */
  async barrier(): Promise<() => void> {
    const barrier = new Barrier()
    this.calls.push(barrier)
    this.encode()
    await barrier.reached.promise
    return () => {
      this.calls.shift()
      this.encode()
    }
  }

  /** From now on a partition gets nothing before it has got all that the other one, of an earlier turn, has for it. */
  takeTurnsWith(other: Sender): void {
    this.other = other
  }

  /** What is on its way may arrive, or fail; nothing is tried again, and nothing else is sent. */
  async close(): Promise<void> {
    this.closing.abort()
    this.encode()
    if (!this.isIdle) await new Promise<void>((resolve) => this.onIdle.push(resolve))
  }

  private get isSettled(): boolean {
    return this.ready.size === 0 && this.underWay.size === 0
  }

  private get isIdle(): boolean {
    return this.isSettled && this.calls.length === 0
  }

  /** Encodes the calls in their order, as far as there is room. */
  private encode(): void {
    for (let call = this.calls[0]; call !== undefined; call = this.calls[0]) {
      if (call instanceof Barrier) {
        if (this.isSettled) call.reached.resolve()
        break
      }
      if (this.closing.signal.aborted) this.refuse(call, closed(call.topic))
      if (call.isEncoded) {
        this.calls.shift()
        continue
      }
      const topic = this.findTopic(call.topic)
      if (topic === undefined) {
        void this.lookUp(call)
        break
      }
      this.encodeSending(call, topic)
      if (!call.isEncoded) break
      this.calls.shift()
    }
    this.wake()
    this.other?.wake()
    if (this.isIdle) for (const resolve of this.onIdle.splice(0)) resolve()
  }

  private encodeSending(sending: Sending, { lanes, partitionOf }: TopicLanes): void {
    while (!sending.isEncoded) {
      if (this.pendingBytes > 0 && (this.pendingBytes >= publishPendingBytesMax || this.memory.isScarce)) return
      const partition = sending.partition(partitionOf)
      const lane = lanes[partition]
      if (lane === undefined) {
        const reason = `topic ${sending.topic} has no partition ${partition}`
        this.refuse(sending, new WindsockError('broker-refused', reason))
        return
      }
      if (lane.isEmpty) this.ready.add(lane)
      this.pendingBytes += lane.put(sending, this.memory)
    }
  }

  private findTopic(name: string): TopicLanes | undefined {
    const count = this.cluster.knownLeaders(name)?.length
    const known = this.topics.get(name)
    if (count === undefined || known?.lanes.length === count) return count === undefined ? undefined : known
    const lanes = Array.from({ length: count }, (_, partition) => known?.lanes[partition] ?? new Lane(name, partition))
    const topic = { lanes, partitionOf: createPartitioner(count) }
    this.topics.set(name, topic)
    return topic
  }

  private async lookUp(sending: Sending): Promise<void> {
    if (this.isLookingUp) return
    this.isLookingUp = true
    try {
      const leaders = await this.askLeaders(sending.topic)
      if (leaders === undefined) this.refuse(sending, missing(sending.topic))
    } catch (error) {
      this.refuse(sending, this.translate(error, sending.topic))
    }
    this.isLookingUp = false
    this.encode()
  }

  private async askLeaders(topic: string): Promise<Leaders | undefined> {
    const { signal } = this.closing
    const giveUpAt = this.topics.has(topic) ? Date.now() + missingTopicMs : 0
    for (let attempt = 0; ; attempt++) {
      const leaders = await patiently(() => this.cluster.askLeaders(topic), signal)
      if (leaders !== undefined || signal.aborted || Date.now() > giveUpAt) return leaders
      await backOff(attempt, signal)
    }
  }

  /** Requests are made at the end of the running turn, so that calls made in one turn go together. */
  private wake(): void {
    this.isWoken = true
    if (this.isPumping || this.ready.size === 0) return
    this.isPumping = true
    queueMicrotask(() => void this.pump())
  }

  private async pump(): Promise<void> {
    while (this.isWoken) {
      this.isWoken = false
      const requests = this.takeReady()
      const lanes = [...requests.values()].flat()
      if (lanes.length === 0) continue
      try {
        const preparing = this.author.prepare(lanes)
        const producer = preparing instanceof Promise ? await preparing : preparing
        for (const [leader, mine] of requests) void this.exchange(leader, mine, producer)
      } catch (error) {
        for (const lane of lanes) this.settle(lane, this.translate(error, lane.topic))
        for (const leader of requests.keys()) this.busy.delete(leader)
        this.encode()
      }
    }
    this.isPumping = false
  }

  /** By leader, what the next request to it carries. */
  private takeReady(): Map<number, Lane[]> {
    const requests = new Map<number, Lane[]>()
    const bytes = new Map<number, number>()
    for (const lane of this.ready) {
      if (this.other !== undefined && this.other.turn < this.turn && this.other.isToGet(lane)) continue
      const leader = this.cluster.knownLeaders(lane.topic)?.[lane.partition] ?? -1
      if (this.busy.has(leader)) continue
      const sum = (bytes.get(leader) ?? 0) + lane.headBytes
      const mine = requests.get(leader)
      if (mine === undefined) requests.set(leader, [lane])
      else if (sum > publishRequestBytesMax) continue
      else mine.push(lane)
      bytes.set(leader, sum)
    }
    for (const [leader, lanes] of requests) {
      this.busy.add(leader)
      for (const lane of lanes) {
        this.ready.delete(lane)
        this.underWay.add(lane)
      }
    }
    return requests
  }

  private async exchange(leader: number, lanes: readonly Lane[], producer: ProducerId): Promise<void> {
    const { transactionalId } = this.author
    const { compression = 'none' } = this.cluster.options
    let answers: readonly ProduceAnswer[]
    try {
      const quietMs = this.cluster.quietMs(leader)
      if (quietMs > 0) await delay(quietMs, undefined, { signal: this.closing.signal }).catch(() => {})
      const connection = await this.cluster.leader(leader, this.channel)
      const parts = lanes.map((lane) => {
        const batch = lane.seal(producer, transactionalId !== null, compression)
        return { topic: lane.topic, partition: lane.partition, batch }
      })
      const produced = await produce(connection, transactionalId, parts)
      this.cluster.leaveAlone(leader, produced.throttleMs)
      answers = produced.answers
    } catch (error) {
      await this.sendAgain(leader, lanes, error)
      return
    }
    const refused = await this.settleAnswered(lanes, answers)
    if (refused.length > 0) {
      await this.sendAgain(leader, refused, new WindsockError('broker-unreachable', `node ${leader} asks to wait`))
      return
    }
    this.failures.delete(leader)
    this.busy.delete(leader)
    this.encode()
  }

  /** Settles what the leader has decided on, and returns the lanes whose first batch is to be sent again. */
  private async settleAnswered(lanes: readonly Lane[], answers: readonly ProduceAnswer[]): Promise<Lane[]> {
    const answerOf = new Map(answers.map((answer) => [`${answer.topic}/${answer.partition}`, answer]))
    const again: Lane[] = []
    for (const lane of lanes) {
      const answer = answerOf.get(`${lane.topic}/${lane.partition}`)
      const verdict = answer === undefined ? 'again' : verdictOn(answer.errorCode, this.author.transactionalId !== null)
      if (answer === undefined || verdict === 'again') {
        again.push(lane)
      } else if (verdict === 'appended') {
        this.settle(lane)
      } else if (verdict === 'count-anew' && lane.recount()) {
        again.push(lane)
      } else {
        const explained = await this.author.explain(answer.errorCode)
        this.settle(lane, explained ?? refusalOf(answer, this.cluster.options.brokers))
      }
    }
    return again
  }

  /** Waits, asks who leads now, and puts the lanes back; gives up what no waiting mends, and everything after `close`. */
  private async sendAgain(leader: number, lanes: readonly Lane[], reason: unknown): Promise<void> {
    const { signal } = this.closing
    if (!signal.aborted && isWorthWaiting(reason)) {
      const failures = this.failures.get(leader) ?? 0
      this.failures.set(leader, failures + 1)
      await backOff(failures, signal)
      const gone = new Set<string>()
      for (const topic of new Set(lanes.map((lane) => lane.topic))) {
        const isKnown = await this.cluster.askLeaders(topic).catch(() => 'nobody answers')
        if (isKnown === undefined) gone.add(topic)
      }
      for (const lane of lanes) {
        if (!gone.has(lane.topic)) lane.missingSinceMs = undefined
        else if (Date.now() - (lane.missingSinceMs ??= Date.now()) > missingTopicMs)
          this.settle(lane, missing(lane.topic))
        if (this.underWay.delete(lane)) this.ready.add(lane)
      }
    } else {
      for (const lane of lanes) this.settle(lane, this.translate(reason, lane.topic))
    }
    this.busy.delete(leader)
    this.encode()
  }

  private settle(lane: Lane, error?: WindsockError): void {
    if (error !== undefined) this.author.failed(error)
    this.pendingBytes -= lane.settle(error)
    this.underWay.delete(lane)
    if (!lane.isEmpty) this.ready.add(lane)
  }

  /** Whether the lane's partition may still get something of this turn. */
  private isToGet({ topic, partition }: Lane): boolean {
    return this.calls[0] instanceof Sending || this.topics.get(topic)?.lanes[partition]?.isEmpty === false
  }

  private refuse(sending: Sending, error: WindsockError): void {
    this.author.failed(error)
    sending.fail(error)
  }

  private translate(error: unknown, topic: string): WindsockError {
    return translateKafkaError(error, `sending to topic ${topic}`, this.cluster.options.brokers)
  }
}

function closed(topic: string): WindsockError {
  return new WindsockError('broker-unreachable', `sending to topic ${topic}: the publisher is closed`)
}

function missing(topic: string): WindsockError {
  return new WindsockError('topic-missing', `there is no topic ${topic}`)
}
