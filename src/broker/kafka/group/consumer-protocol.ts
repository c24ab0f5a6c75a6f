import { randomUUID } from 'node:crypto'
import {
  ConfigResourceTypes,
  consumerGroupDescribeV0,
  consumerGroupHeartbeatV1,
  describeConfigsV4,
  offsetCommitV9,
} from '@platformatic/kafka'
import { groupSettings } from '../client-settings.ts'
import { protocolIds } from '../kafka-errors.ts'
import { committedPartitions } from './committed-partitions.ts'
import type { Coordinator } from './coordinator.ts'
import type { BeatAnswer, GroupProtocol } from './group-protocol.ts'
import type { TopicWatch } from './topic-watch.ts'

const joinEpoch = 0
const leaveEpoch = -1
/** A static member that is to be back under another member id. */
const awayEpoch = -2
const groupResource = ConfigResourceTypes.GROUP
const sessionSetting = 'consumer.session.timeout.ms'

/** Heartbeats come no rarer, whatever the broker asks for; a partition that moves stands still for about that long. */
const beatMsMax = 500
/** While a rebalance is under way, and how long one is taken to last after the last sign of it. */
const quickBeatMs = 50
const quickForMs = 2_000
const leaseMsMin = 2_000

/**
 * Membership by KIP-848: the broker assigns, and a heartbeat that leaves out a partition acknowledges its revocation.
 *
 * A `memberId` of ours is a **static instance id** (`group.instance.id`), and each process has a member id of its own.
 * The other way, a stored member id that rejoins at epoch 0, gives the partitions back just as fast (2-4 ms, measured),
 * but fences nobody: the group answers the old process at the same epoch as before, and both take themselves for the
 * member. With an instance id the new one is answered 111 while the old one's session lasts. It finds the holder
 * (`ConsumerGroupDescribe`), says in its name that it is away (-2), and joins: the same partitions, without a rebalance.
 * From then on the old one's heartbeat is answered 82, its commits 25, its joining 111.
 */
export class ConsumerProtocol implements GroupProtocol {
  private readonly coordinator: Coordinator
  private readonly group: string
  private readonly topic: TopicWatch
  private readonly instanceId: string | null
  private readonly memberId: string = randomUUID()
  private epoch = joinEpoch
  private isFull = true
  private toldHeld = ''
  private holder: string | undefined
  private sessionMs: number | undefined
  private quickUntilMs = 0

  constructor(coordinator: Coordinator, group: string, topic: TopicWatch, instanceId: string | undefined) {
    this.coordinator = coordinator
    this.group = group
    this.topic = topic
    this.instanceId = instanceId ?? null
  }

  async beat(held: readonly number[]): Promise<BeatAnswer> {
    const topicId = await this.topic.firstId()
    await this.topic.check('sometimes')
    if (this.epoch === joinEpoch) this.sessionMs = await this.findSessionMs()
    const answer = await this.heartbeat(topicId, held)
    const hasMoved = answer.assignment !== null || answer.memberEpoch !== this.epoch
    if (hasMoved) this.quickUntilMs = performance.now() + quickForMs
    this.epoch = answer.memberEpoch
    const assigned = answer.assignment?.topicPartitions
    // A partition taken away may be a topic taken away; another id is another topic.
    if (assigned !== undefined) {
      const isSame = assigned.every((each) => each.topicId === topicId)
      const ours = new Set(assigned.flatMap(({ partitions }) => partitions))
      if (!isSame || held.some((partition) => !ours.has(partition))) await this.topic.check('now')
    }
    this.isFull = false
    this.toldHeld = held.join()
    const ordinaryMs = Math.min(answer.heartbeatIntervalMs, beatMsMax)
    return {
      assigned: assigned?.flatMap((each) => (each.topicId === topicId ? each.partitions : [])),
      beatMs: performance.now() < this.quickUntilMs ? Math.min(quickBeatMs, ordinaryMs) : ordinaryMs,
      leaseMs: Math.min(Math.max(leaseMsMin, 4 * ordinaryMs), (2 / 3) * (this.sessionMs ?? Infinity)),
    }
  }

  async commit(positions: ReadonlyMap<number, number>): Promise<void> {
    const topics = [{ name: this.topic.name, partitions: committedPartitions(positions) }]
    const connection = await this.coordinator.connect()
    await offsetCommitV9.api.async(connection, this.group, this.epoch, this.memberId, this.instanceId, topics)
  }

  async findHolder(): Promise<'held-by-us' | 'held-by-other' | 'name-free'> {
    this.holder = undefined
    try {
      const { groups } = await consumerGroupDescribeV0.api.async(await this.coordinator.connect(), [this.group], false)
      this.holder = groups[0]?.members.find(({ instanceId }) => instanceId === this.instanceId)?.memberId
    } catch (error) {
      if (!protocolIds(error).includes('GROUP_ID_NOT_FOUND')) throw error
    }
    if (this.holder === undefined) return 'name-free'
    return this.holder === this.memberId ? 'held-by-us' : 'held-by-other'
  }

  async freeName(): Promise<void> {
    if (this.holder !== undefined) await this.send(this.holder, awayEpoch)
  }

  async leave(): Promise<void> {
    await this.send(this.memberId, leaveEpoch)
  }

  restart(): void {
    this.epoch = joinEpoch
    this.isFull = true
  }

  find(): void {
    this.isFull = true
    this.coordinator.forget()
  }

  async close(): Promise<void> {
    await this.coordinator.close()
  }

  /** What has changed since the last heartbeat that was answered; everything when one was not. */
  private async heartbeat(topicId: string, held: readonly number[]) {
    const isJoining = this.epoch === joinEpoch
    const isFull = this.isFull || isJoining
    const owned = held.length === 0 ? [] : [{ topicId, partitions: [...held] }]
    this.isFull = true // unless the answer comes, and is acted on
    return consumerGroupHeartbeatV1.api.async(
      await this.coordinator.connect(),
      this.group,
      this.memberId,
      this.epoch,
      this.instanceId,
      null,
      isFull ? groupSettings.rebalanceTimeoutMs : -1,
      isFull ? [this.topic.name] : null,
      null,
      null,
      isJoining ? [] : isFull || held.join() !== this.toldHeld ? owned : null,
    )
  }

  private async send(memberId: string, epoch: number): Promise<void> {
    const connection = await this.coordinator.connect()
    await consumerGroupHeartbeatV1.api.async(
      connection,
      this.group,
      memberId,
      epoch,
      this.instanceId,
      null,
      -1,
      null,
      null,
      null,
      null,
    )
  }

  /** The group's session is the broker's setting. Where it may not be read, the lease is what the heartbeat gives. */
  private async findSessionMs(): Promise<number | undefined> {
    const resource = { resourceType: groupResource, resourceName: this.group, configurationKeys: [sessionSetting] }
    try {
      const { results } = await describeConfigsV4.api.async(await this.coordinator.connect(), [resource])
      const value = Number(results[0]?.configs.find(({ name }) => name === sessionSetting)?.value ?? Number.NaN)
      return Number.isFinite(value) ? value : undefined
    } catch (error) {
      if (protocolIds(error).length === 0) throw error
      return undefined
    }
  }
}
