import type { Broker, GroupOptions, Membership } from '../../src/broker/broker.ts'
import { intercept } from './intercepted-broker.ts'

export interface MortalOptions {
  /** The most records of a batch. */
  readonly batchRecordsMax?: number
  /** It dies, or falls asleep, at this step of those between which that may happen: the first one is 1. */
  readonly killAtStep?: number
  readonly sleepAtStep?: number
}

/**
 * What a process sees of a broker: it can be killed, or suspended and woken later, before and after everything that it asks
 * of the broker. Once killed it changes nothing any more.
 */
export class MortalProcess {
  /** The broker as this process sees it. */
  readonly broker: Broker
  steps = 0
  isDead = false
  private readonly options: MortalOptions
  private readonly members: MortalMember[] = []
  private sleep: PromiseWithResolvers<void> | undefined

  constructor(broker: Broker, options: MortalOptions = {}) {
    this.options = options
    const around = async (act: () => Promise<void>): Promise<void> => {
      await this.step()
      await act()
      await this.step()
    }
    const seen = intercept(broker, {
      batchRecordsMax: () => options.batchRecordsMax ?? Infinity,
      onSend: (_topic, send) => around(send),
      // Nothing closes what a dead process had open.
      onTransaction: (call, act) => (call === 'close' && this.isDead ? Promise.resolve() : around(act)),
      onCommit: around,
      onBatch: () => this.step(),
    })
    this.broker = {
      ...seen,
      joinGroup: (group) => {
        const member = new MortalMember(broker, group, around)
        this.members.push(member)
        return member
      },
    }
  }

  get isAsleep(): boolean {
    return this.sleep !== undefined
  }

  /** As kill -9; the group learns of it by `endSession`. */
  kill(): void {
    this.isDead = true
    for (const member of this.members) member.die()
    this.sleep?.resolve()
  }

  suspend(): void {
    this.sleep ??= Promise.withResolvers<void>()
  }

  /** Goes on where it was, knowing nothing of what happened meanwhile. */
  wake(): void {
    this.sleep?.resolve()
    this.sleep = undefined
  }

  /** The group has not heard of it for too long, and gives its partitions to others. */
  async endSession(): Promise<void> {
    for (const member of this.members) await member.endSession()
  }

  /** It asks the group again, which tells it that its partitions are lost. */
  async heartbeat(): Promise<void> {
    for (const member of this.members) await member.heartbeat()
  }

  private async step(): Promise<void> {
    this.steps++
    if (this.steps === this.options.killAtStep) this.kill()
    if (this.steps === this.options.sleepAtStep) this.suspend()
    await this.sleep?.promise
    if (this.isDead) throw new Error('killed')
  }
}

/** The life of a process. */
export interface Life {
  readonly process: MortalProcess
  /** Asks it to stop. */
  readonly abort: AbortController
  readonly ended: Promise<unknown>
}

const generationsPerSession = 1_000

interface Session {
  readonly abort: AbortController
  membership?: Membership
}

/** A place in a group of the in-process log, with the sessions of a group that is far away. */
class MortalMember implements Membership {
  readonly done: Promise<void>
  private readonly broker: Broker
  private readonly options: GroupOptions
  private readonly around: (act: () => Promise<void>) => Promise<void>
  private readonly held = new Set<number>()
  private readonly calls = new Set<Promise<void>>()
  private readonly end = Promise.withResolvers<void>()
  private sessions = 0
  private session: Session | undefined
  private isDead = false

  constructor(broker: Broker, options: GroupOptions, around: (act: () => Promise<void>) => Promise<void>) {
    this.broker = broker
    this.options = options
    this.around = around
    this.done = this.end.promise
    this.done.catch(() => {}) // whoever asks gets the reason
    options.signal.addEventListener('abort', () => {
      if (this.session === undefined) this.end.resolve()
      else this.session.abort.abort()
    })
    this.join()
  }

  isCurrent(): boolean {
    return this.session !== undefined
  }

  owns(partition: number): boolean {
    return this.held.has(partition)
  }

  async commit(positions: ReadonlyMap<number, number>, generation: number): Promise<readonly number[]> {
    let taken: readonly number[] = []
    await this.around(async () => {
      if (Math.floor(generation / generationsPerSession) !== this.sessions) return
      taken = (await this.session?.membership?.commit(positions, generation % generationsPerSession)) ?? []
    })
    return taken
  }

  die(): void {
    this.isDead = true
    this.end.reject(new Error('killed'))
  }

  async endSession(): Promise<void> {
    const { session } = this
    this.session = undefined
    session?.abort.abort()
    await session?.membership?.done.catch(() => {})
  }

  async heartbeat(): Promise<void> {
    if (this.session !== undefined || this.isDead) return
    const lost = [...this.held]
    this.held.clear()
    if (lost.length > 0) this.options.onLost(lost)
    await Promise.all(this.calls) // nobody gains a partition before its last call has settled
    if (this.options.signal.aborted) this.end.resolve()
    else this.join()
  }

  private join(): void {
    const { broker, options } = this
    const session: Session = { abort: new AbortController() }
    const first = ++this.sessions * generationsPerSession
    this.session = session
    const isOver = (): boolean => this.session !== session || this.isDead
    const membership = broker.joinGroup({
      ...options,
      signal: session.abort.signal,
      onGained: async (partitions, generation) => {
        if (isOver()) return
        for (const partition of partitions) this.held.add(partition)
        await this.call(() => options.onGained(partitions, first + generation), isOver)
      },
      onReleased: async (partitions) => {
        if (isOver()) return
        await this.call(() => options.onReleased(partitions), isOver)
        if (!isOver()) for (const partition of partitions) this.held.delete(partition)
      },
      onLost: (partitions) => {
        if (isOver()) return
        for (const partition of partitions) this.held.delete(partition)
        options.onLost(partitions)
      },
    })
    session.membership = membership
    membership.done.then(
      () => {
        if (!isOver()) this.end.resolve()
      },
      (error: unknown) => {
        if (!isOver()) this.end.reject(error)
      },
    )
  }

  /** For the group, a call ends with the session, however long it still takes. */
  private async call(tell: () => Promise<void>, isOver: () => boolean): Promise<void> {
    const mine = tell()
    const settled = mine.catch(() => {})
    this.calls.add(settled)
    void settled.then(() => this.calls.delete(settled))
    const watch = async (): Promise<void> => {
      while (!isOver() && this.calls.has(settled)) await new Promise((resolve) => setImmediate(resolve))
    }
    await Promise.race([mine, watch()])
  }
}
