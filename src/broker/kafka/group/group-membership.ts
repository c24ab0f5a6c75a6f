import { setTimeout as delay } from 'node:timers/promises'
import { WindsockError } from '../../../foundation/errors.ts'
import type { GroupOptions, Membership } from '../../broker.ts'
import { HeldPartitions } from '../../group/held-partitions.ts'
import { groupSettings, type KafkaOptions } from '../client-settings.ts'
import { reasonOf, translateKafkaError } from '../kafka-errors.ts'
import { eventOf } from './group-answer.ts'
import type { GroupProtocol } from './group-protocol.ts'
import { Lease, momentNow } from './lease.ts'
import { isEnded, type MemberAction, type MemberEvent, type MemberState, memberTable } from './member-state.ts'

const pauseMsMin = 25
const pauseMsMax = 1_000
/** For how long it is worth telling the group that we leave: after that, the session's end tells it. */
const leaveMsMax = 3_000

type Step = 'beat' | 'look' | 'free-name'

/** One member: does what the table of `member-state.ts` says, over either protocol. */
export class GroupMembership implements Membership {
  readonly done: Promise<void>
  private readonly options: GroupOptions
  private readonly cluster: KafkaOptions
  private readonly held: HeldPartitions
  private readonly lease = new Lease()
  private state: MemberState = 'joining'
  private protocol: GroupProtocol | undefined
  private failure: unknown
  /** What comes after the present step; nothing: a heartbeat. */
  private readonly steps: Step[] = []
  private waitMs = 0
  private failures = 0
  private wakeUp: (() => void) | undefined
  private toldHeld = ''
  private overdue: NodeJS.Timeout | undefined
  private committing: Promise<unknown> = Promise.resolve()

  /** @param open chooses the protocol; asked again until the cluster answers */
  constructor(cluster: KafkaOptions, options: GroupOptions, open: () => Promise<GroupProtocol>) {
    this.cluster = cluster
    this.options = options
    this.held = new HeldPartitions(
      options,
      () => this.onHeldChange(),
      (error) => this.stopFor(error),
    )
    this.done = this.run(open)
    this.done.catch(() => {}) // whoever asks for `done` gets the reason; nobody asking is no crash
  }

  isCurrent(): boolean {
    return (this.state === 'member' || this.state === 'draining') && this.lease.isRunning()
  }

  owns(partition: number, generation: number): boolean {
    return this.held.owns(partition, generation)
  }

  async commit(positions: ReadonlyMap<number, number>, generation: number): Promise<readonly number[]> {
    // One at a time: an older position tried again must not follow a newer one.
    const mine = this.committing.then(() => this.tell(positions, generation))
    this.committing = mine.catch(() => {})
    return mine
  }

  private async run(open: () => Promise<GroupProtocol>): Promise<void> {
    const { signal } = this.options
    const stop = (): void => this.take('stop')
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    try {
      while (!isEnded(this.state)) {
        if (this.state === 'leaving') await this.leave()
        else await this.attempt(open)
        await this.rest()
      }
    } finally {
      signal.removeEventListener('abort', stop)
      clearTimeout(this.overdue)
      await this.protocol?.close()
    }
    if (this.failure !== undefined) throw this.failure
  }

  /** One step; what goes wrong is an event, too. */
  private async attempt(open: () => Promise<GroupProtocol>): Promise<void> {
    try {
      this.protocol ??= await open()
      const step = this.steps.shift() ?? 'beat'
      if (step === 'look') this.take(await this.protocol.findHolder())
      else if (step === 'free-name') await this.protocol.freeName()
      else await this.beat(this.protocol)
    } catch (error) {
      this.steps.length = 0
      this.noteTrouble(error)
      this.take(eventOf(error), error)
    }
  }

  private async beat(protocol: GroupProtocol): Promise<void> {
    const held = this.held.held()
    const sentAt = momentNow()
    const { assigned, beatMs, leaseMs } = await protocol.beat(held)
    this.lease.renew(sentAt, leaseMs)
    this.toldHeld = held.join()
    this.waitMs = beatMs
    if (this.failures > 1) this.options.onTrouble?.(undefined)
    this.failures = 0
    this.take('answered')
    if (this.state === 'member' && assigned !== undefined) this.held.assign(assigned)
    this.onHeldChange()
  }

  private async leave(): Promise<void> {
    const endMs = performance.now() + leaveMsMax
    while (this.state === 'leaving') {
      try {
        await this.protocol?.leave()
        this.take('gone')
      } catch (error) {
        this.take(eventOf(error))
        if (performance.now() > endMs) this.take('gone')
        else await delay(100)
      }
    }
  }

  /** Until the next heartbeat is due, or there is something to say. */
  private async rest(): Promise<void> {
    if (this.steps.length > 0 || this.state === 'leaving' || isEnded(this.state)) return
    if (this.waitMs > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.waitMs)
        this.wakeUp = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.wakeUp = undefined
  }

  private take(event: MemberEvent, error?: unknown): void {
    const [next, ...actions] = memberTable[this.state][event]
    this.state = next
    if (next === 'fenced') this.failure ??= this.fencing()
    else if ((event === 'refused' && next === 'failed') || event === 'topic-gone') {
      this.failure ??= translateKafkaError(error, `group ${this.options.group}`, this.cluster.brokers)
    }
    for (const action of actions) this.do(action)
  }

  private do(action: MemberAction): void {
    switch (action) {
      case 'ask':
        return this.hurry()
      case 'pause':
        this.waitMs = Math.min(pauseMsMax, pauseMsMin * 2 ** Math.min(10, this.failures))
        return
      case 'find':
        return this.protocol?.find()
      case 'restart':
        return this.protocol?.restart()
      case 'look':
      case 'free-name':
        this.steps.push(action)
        return
      case 'lose':
        return this.held.lose()
      case 'release':
        this.overdue = setTimeout(() => this.take('overdue'), groupSettings.rebalanceTimeoutMs)
        this.held.assign([])
        return this.onHeldChange()
      case 'leave':
      case 'end':
        return this.hurry()
    }
  }

  private hurry(): void {
    this.waitMs = 0
    this.wakeUp?.()
  }

  /** What was given up is acknowledged at once; what was gained is told with it. */
  private onHeldChange(): void {
    const held = this.held.held()
    if (this.state === 'draining' && held.length === 0) this.take('drained')
    else if (held.join() !== this.toldHeld) this.hurry()
  }

  private async tell(positions: ReadonlyMap<number, number>, generation: number): Promise<readonly number[]> {
    for (let attempt = 0; ; attempt++) {
      const ours = [...positions].filter(([partition]) => this.held.owns(partition, generation))
      if (ours.length === 0 || this.protocol === undefined) return []
      try {
        await this.protocol.commit(new Map(ours))
        return ours.map(([partition]) => partition)
      } catch (error) {
        const event = eventOf(error)
        if (event === 'refused') this.take(event, error)
        else if (event === 'unreachable') this.protocol.find()
        // Whether we are a member at all is the heartbeat's to say: stale, it brings the new epoch.
        this.hurry()
        await delay(Math.min(pauseMsMax, 10 * 2 ** Math.min(10, attempt)))
      }
    }
  }

  private stopFor(error: unknown): void {
    this.failure ??= error
    this.take('stop')
  }

  /** A first failure may be a coordinator that moves; the second is told. */
  private noteTrouble(error: unknown): void {
    this.failures++
    const event = eventOf(error)
    if (this.failures === 2 && (event === 'unreachable' || event === 'busy')) this.options.onTrouble?.(reasonOf(error))
  }

  private fencing(): WindsockError {
    const { group, memberId } = this.options
    return new WindsockError('fenced', `another process is member ${memberId} of group ${group}`, {
      hint: 'One process works under a member id at a time; stop one of the two, or give it an id of its own',
    })
  }
}
