import { setTimeout as delay } from 'node:timers/promises'
import {
  Connection,
  encodeConsumerProtocolAssignment,
  encodeConsumerProtocolSubscription,
  findCoordinatorV6,
  heartbeatV4,
  joinGroupV9,
  leaveGroupV5,
  offsetCommitV9,
  syncGroupV5,
} from '@platformatic/kafka'
import { WindsockError } from '../../foundation/errors.ts'
import { connectionSettings, groupSettings, type KafkaOptions } from './client-settings.ts'
import { protocolIds, translateKafkaError } from './kafka-errors.ts'

const groupCoordinators = 0

/**
 * The one static member of a consumer group (classic protocol, KIP-345). After a crash its successor has the group at once
 * instead of after the session's end; a second member under the same name fences the first. The library's own membership
 * rejoins when it is fenced, so that two processes take the group from each other for ever; therefore this one.
 */
export class GroupMember {
  private readonly options: KafkaOptions
  private readonly group: string
  private readonly instance: string
  private readonly partitionsOf: () => Promise<ReadonlyMap<string, number[]>>
  private coordinator: Connection | undefined
  private membership: { readonly memberId: string; readonly generation: number } | undefined
  private fencing: WindsockError | undefined
  private committing: Promise<void> = Promise.resolve()
  private untold: Parameters<typeof offsetCommitV9.api.async>[5][number] | undefined
  private beating: Promise<void> | undefined
  private readonly leaving = new AbortController()

  /** @param partitionsOf the topics it reads with all their partitions */
  constructor(options: KafkaOptions, group: string, partitionsOf: () => Promise<ReadonlyMap<string, number[]>>) {
    this.options = options
    this.group = group
    this.instance = `windsock-${group}`
    this.partitionsOf = partitionsOf
  }

  /** Joins, or rejoins after the broker forgot us; throws the library's error when the broker is away. */
  async join(): Promise<void> {
    if (this.membership !== undefined) return
    const partitions = await this.partitionsOf()
    const { sessionTimeoutMs, rebalanceTimeoutMs } = groupSettings
    const subscription = encodeConsumerProtocolSubscription({ version: 1, topics: [...partitions.keys()] })
    const protocols = [{ name: 'range', metadata: subscription }]
    const joined = await joinGroupV9.api.async(
      await this.connect(),
      this.group,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      '',
      this.instance,
      'consumer',
      protocols,
      null,
    )
    const { memberId, generationId, leader, skipAssignment, members } = joined
    const assignedPartitions = [...partitions].map(([topic, all]) => ({ topic, partitions: all }))
    const everything = encodeConsumerProtocolAssignment({ version: 1, assignedPartitions })
    const nothing = encodeConsumerProtocolAssignment({ version: 1, assignedPartitions: [] })
    const assignments =
      leader === memberId && !skipAssignment
        ? members.map((each) => ({
            memberId: each.memberId,
            assignment: each.memberId === memberId ? everything : nothing,
          }))
        : []
    await syncGroupV5.api.async(
      await this.connect(),
      this.group,
      generationId,
      memberId,
      this.instance,
      'consumer',
      'range',
      assignments,
    )
    this.membership = { memberId, generation: generationId }
    this.beating ??= this.beat()
  }

  /** @throws WindsockError `fenced` */
  check(): void {
    if (this.fencing !== undefined) throw this.fencing
  }

  /**
   * Commits in order. One that fails is no loss: the next says more, and the truth is stored with the state. The last one
   * is tried again with every heartbeat until the group has it.
   */
  async commit(topic: string, positions: ReadonlyMap<number, number>): Promise<void> {
    const partitions = [...positions].map(([partitionIndex, offset]) => ({
      partitionIndex,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: -1,
      committedMetadata: '',
    }))
    this.untold = { name: topic, partitions }
    await this.tell()
    this.check()
  }

  /** Gives the place back; after a crash it stays this name's until the session ends. */
  async leave(): Promise<void> {
    await this.committing
    this.leaving.abort()
    await this.beating
    await this.asMember((connection, { memberId }) =>
      leaveGroupV5.api.async(connection, this.group, [{ memberId, groupInstanceId: this.instance, reason: 'stopped' }]),
    )
    this.membership = undefined
    await this.coordinator?.close().catch(() => {})
  }

  /** Tells the group the newest positions, unless it has them. */
  private async tell(): Promise<void> {
    this.committing = this.committing.then(async () => {
      const { untold } = this
      if (untold === undefined) return
      const isTold = await this.asMember((connection, { memberId, generation }) =>
        offsetCommitV9.api.async(connection, this.group, generation, memberId, this.instance, [untold]),
      )
      if (isTold && this.untold === untold) this.untold = undefined
    })
    await this.committing
  }

  private async beat(): Promise<void> {
    const { signal } = this.leaving
    while (!signal.aborted && this.fencing === undefined) {
      await delay(groupSettings.heartbeatMs, undefined, { signal }).catch(() => {})
      if (signal.aborted) return
      if (this.membership === undefined) await this.join().catch((error: unknown) => this.note(error))
      await this.asMember((connection, { memberId, generation }) =>
        heartbeatV4.api.async(connection, this.group, generation, memberId, this.instance),
      )
      await this.tell()
    }
  }

  /**
   * Makes a request as the member that we are, and says whether it was granted; what goes wrong decides whether to rejoin,
   * reconnect or give up.
   */
  private async asMember(
    request: (connection: Connection, membership: { memberId: string; generation: number }) => Promise<unknown>,
  ): Promise<boolean> {
    if (this.membership === undefined || this.fencing !== undefined) return false
    try {
      await request(await this.connect(), this.membership)
      return true
    } catch (error) {
      this.note(error)
      return false
    }
  }

  private note(error: unknown): void {
    const ids = protocolIds(error)
    if (ids.includes('FENCED_INSTANCE_ID')) {
      this.fencing = new WindsockError('fenced', `another process took over group ${this.group}`, {
        hint: 'One process works for a group at a time; stop one of the two',
      })
    } else if (ids.some((id) => id.endsWith('AUTHORIZATION_FAILED'))) {
      this.fencing = translateKafkaError(error, `group ${this.group}`, this.options.brokers)
    } else if (ids.some((id) => ['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS'].includes(id))) {
      this.membership = undefined
    } else {
      // Away, or no longer the coordinator: found again at the next request.
      const gone = this.coordinator
      this.coordinator = undefined
      gone?.close().catch(() => {})
    }
  }

  private async connect(): Promise<Connection> {
    if (this.coordinator?.isConnected() === true) return this.coordinator
    const seed = await this.openAny()
    try {
      const { coordinators } = await findCoordinatorV6.api.async(seed, groupCoordinators, [this.group])
      this.coordinator = await this.open(coordinators[0]?.host ?? '', coordinators[0]?.port ?? 0)
      return this.coordinator
    } finally {
      await seed.close()
    }
  }

  private async openAny(): Promise<Connection> {
    let reason: unknown
    for (const address of this.options.brokers) {
      const colon = address.lastIndexOf(':')
      try {
        return await this.open(address.slice(0, colon), Number(address.slice(colon + 1)))
      } catch (error) {
        reason = error
      }
    }
    throw reason
  }

  private async open(host: string, port: number): Promise<Connection> {
    const { clientId, ...settings } = connectionSettings(this.options, this.group, false)
    const connection = new Connection(clientId, settings)
    connection.on('error', () => {}) // the request that fails says it
    await connection.connect(host, port)
    return connection
  }
}
