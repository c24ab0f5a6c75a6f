import { setTimeout as delay } from 'node:timers/promises'
import {
  type Connection,
  decodeConsumerProtocolAssignment,
  decodeConsumerProtocolSubscription,
  encodeConsumerProtocolAssignment,
  encodeConsumerProtocolSubscription,
  heartbeatV4,
  joinGroupV7,
  leaveGroupV4,
  offsetCommitV8,
  syncGroupV5,
} from '@platformatic/kafka'
import { groupSettings } from '../client-settings.ts'
import { protocolIds } from '../kafka-errors.ts'
import { assignRound } from './classic-assignment.ts'
import { committedPartitions } from './committed-partitions.ts'
import type { Coordinator } from './coordinator.ts'
import type { BeatAnswer, GroupProtocol, ProtocolMember } from './group-protocol.ts'
import type { TopicWatch } from './topic-watch.ts'

const protocolType = 'consumer'
/** Ours alone: the members of a group share one way to assign, and no other client knows this one. */
const protocolName = 'windsock-sticky'
const beatMs = 500
/** While a round is under way. */
const quickBeatMs = 50
const leaseMsMax = 2_000
const unknownGeneration = -1

interface Place {
  readonly memberId: string
  readonly generation: number
}

/** A round that is under way: joining, and being told what is ours. */
interface Round {
  readonly connection: Connection
  readonly done: Promise<readonly number[]>
  isOver: boolean
}

/**
 * Membership by the classic protocol (JoinGroup, SyncGroup), for clusters from 3.1 on that do not have KIP-848. The member
 * that the broker makes the leader assigns, in rounds that hand over as KIP-848 does: see `assignRound`.
 *
 * A member id of ours is a static instance id here, too (KIP-345); a new process joins with it at once, without a
 * rebalance, and the group answers the old one 82.
 */
export class ClassicProtocol implements GroupProtocol {
  private readonly coordinator: Coordinator
  private readonly group: string
  private readonly topic: TopicWatch
  private readonly instanceId: string | null
  private readonly sessionMs: number
  private place: Place | undefined
  /** What the broker gave a new member, which joins with it a second time. */
  private givenId = ''
  private hasAsked = false
  private round: Round | undefined
  private isRoundDue = true
  /** What we worked on when we joined and were not given again: once it is given up, another round gives it on. */
  private toGiveUp: readonly number[] = []

  constructor({ coordinator, topic, group, instanceId }: ProtocolMember, sessionMs: number) {
    this.coordinator = coordinator
    this.topic = topic
    this.group = group
    this.instanceId = instanceId
    this.sessionMs = sessionMs
  }

  async beat(held: readonly number[]): Promise<BeatAnswer> {
    await this.topic.check('sometimes')
    const stillToGiveUp = this.toGiveUp.filter((partition) => held.includes(partition))
    if (stillToGiveUp.length < this.toGiveUp.length) this.isRoundDue = true
    this.toGiveUp = stillToGiveUp
    if (this.round === undefined && !this.isRoundDue) this.isRoundDue = (await this.heartbeat()) === 'rebalancing'
    if (this.round === undefined && this.isRoundDue) this.round = await this.beginRound(held)
    const { round } = this
    if (round === undefined) return { assigned: undefined, beatMs, leaseMs: this.leaseMs }
    if (this.place !== undefined) {
      // A round waits for every member. Meanwhile the group still says whether it knows us.
      await Promise.race([round.done.catch(() => {}), delay(quickBeatMs)])
      const isWaiting = !round.isOver && (await this.heartbeat()) !== 'unknown'
      if (isWaiting) return { assigned: undefined, beatMs: quickBeatMs, leaseMs: this.leaseMs }
    }
    try {
      const assigned = await round.done
      return { assigned, beatMs: quickBeatMs, leaseMs: this.leaseMs }
    } finally {
      if (this.round === round) this.round = undefined
    }
  }

  async commit(positions: ReadonlyMap<number, number>): Promise<void> {
    if (this.place === undefined) throw new Error('not a member')
    const { memberId, generation } = this.place
    const topics = [{ name: this.topic.name, partitions: committedPartitions(positions) }]
    const connection = await this.coordinator.connect()
    await offsetCommitV8.api.async(connection, this.group, generation, memberId, this.instanceId, topics)
  }

  /** Nobody holds a name against a new process here. */
  async findHolder(): Promise<'name-free'> {
    return 'name-free'
  }

  async freeName(): Promise<void> {}

  async leave(): Promise<void> {
    // One that waits to be let in is known by the id it was given, or by its name alone.
    if (!this.hasAsked) return
    const member = { memberId: this.place?.memberId ?? this.givenId, groupInstanceId: this.instanceId }
    await leaveGroupV4.api.async(await this.coordinator.connect(), this.group, [member])
  }

  restart(): void {
    this.place = undefined
    this.givenId = ''
    this.endRound()
  }

  find(): void {
    this.coordinator.forget()
    this.endRound()
  }

  async close(): Promise<void> {
    this.endRound()
    await this.coordinator.close()
  }

  private get leaseMs(): number {
    return Math.min(leaseMsMax, (2 / 3) * this.sessionMs)
  }

  private endRound(): void {
    const { round } = this
    this.round = undefined
    this.isRoundDue = true
    this.toGiveUp = []
    round?.connection.close().catch(() => {})
  }

  private async heartbeat(): Promise<'known' | 'rebalancing' | 'unknown'> {
    if (this.place === undefined) return 'rebalancing'
    const { memberId, generation } = this.place
    const connection = await this.coordinator.connect()
    try {
      await heartbeatV4.api.async(connection, this.group, generation, memberId, this.instanceId)
      return 'known'
    } catch (error) {
      if (protocolIds(error).includes('REBALANCE_IN_PROGRESS')) return 'rebalancing'
      // While a round is under way the generation may have become a newer one: the round says what it comes to.
      if (this.round !== undefined && protocolIds(error).includes('ILLEGAL_GENERATION')) return 'unknown'
      throw error
    }
  }

  private async beginRound(held: readonly number[]): Promise<Round> {
    const connection = await this.coordinator.openAnother(groupSettings.rebalanceTimeoutMs + 10_000)
    this.isRoundDue = false
    const done = this.joinAndSync(connection, held)
    const round: Round = { connection, done, isOver: false }
    const end = (isDueAgain: boolean): void => {
      round.isOver = true
      if (isDueAgain) this.isRoundDue = true
      connection.close().catch(() => {})
    }
    done.then(
      () => end(false),
      () => end(true),
    )
    return round
  }

  private async joinAndSync(connection: Connection, held: readonly number[]): Promise<readonly number[]> {
    const joined = await this.join(connection, held)
    const { memberId, generationId: generation } = joined
    const { assignment } = await syncGroupV5.api.async(
      connection,
      this.group,
      generation,
      memberId,
      this.instanceId,
      protocolType,
      protocolName,
      joined.leader === memberId ? await this.assignAll(joined.members) : [],
    )
    if (this.round?.connection !== connection) throw new Error('the round was given up')
    this.place = { memberId, generation }
    const { assignedPartitions } = decodeConsumerProtocolAssignment(assignment)
    const assigned = assignedPartitions.flatMap(({ topic, partitions }) =>
      topic === this.topic.name ? partitions : [],
    )
    this.toGiveUp = held.filter((partition) => !assigned.includes(partition))
    return assigned
  }

  private async join(connection: Connection, held: readonly number[]) {
    const subscription = encodeConsumerProtocolSubscription({
      version: 2,
      topics: [this.topic.name],
      ownedPartitions: [{ topic: this.topic.name, partitions: [...held] }],
      generationId: this.place?.generation ?? unknownGeneration,
    })
    const ask = () =>
      joinGroupV7.api.async(
        connection,
        this.group,
        this.sessionMs,
        groupSettings.rebalanceTimeoutMs,
        this.place?.memberId ?? this.givenId,
        this.instanceId,
        protocolType,
        [{ name: protocolName, metadata: subscription }],
      )
    this.hasAsked = true
    try {
      return await ask()
    } catch (error) {
      const id = givenIdOf(error)
      if (id === undefined) throw error
      this.givenId = id
      return ask()
    }
  }

  private async assignAll(members: readonly { readonly memberId: string; readonly metadata: Buffer | null }[]) {
    const joined = members.map(({ memberId, metadata }) => {
      const { ownedPartitions, generationId } = decodeConsumerProtocolSubscription(metadata ?? Buffer.alloc(0))
      const owned = ownedPartitions.flatMap(({ topic, partitions }) => (topic === this.topic.name ? partitions : []))
      return { memberId, owned, generation: generationId }
    })
    const assignments = assignRound(joined, await this.topic.countPartitions())
    return [...assignments].map(([memberId, partitions]) => ({
      memberId,
      assignment: encodeConsumerProtocolAssignment({
        version: 1,
        assignedPartitions: [{ topic: this.topic.name, partitions }],
      }),
    }))
  }
}

/** A member without a name is first given an id, in the answer 79 (MEMBER_ID_REQUIRED). */
function givenIdOf(error: unknown): string | undefined {
  if (!protocolIds(error).includes('MEMBER_ID_REQUIRED')) return undefined
  const response = error instanceof Error && 'response' in error ? error.response : undefined
  const hasId = typeof response === 'object' && response !== null && 'memberId' in response
  return hasId && typeof response.memberId === 'string' ? response.memberId : undefined
}
