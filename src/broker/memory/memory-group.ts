import { randomUUID } from 'node:crypto'
import { WindsockError } from '../../foundation/errors.ts'
import type { GroupOptions, Membership } from '../broker.ts'
import { HeldPartitions } from '../group/held-partitions.ts'
import { sharePartitions } from '../group/share-partitions.ts'

/** What the groups need of the log. */
export interface GroupLog {
  findTopic(name: string): { readonly id: string; readonly partitions: number } | undefined
  commit(group: string, topic: string, positions: ReadonlyMap<number, number>): void
}

/** The groups of the in-process log: members of one process share partitions and hand them over in order. */
export class MemoryGroups {
  private readonly log: GroupLog
  private readonly groups = new Map<string, MemoryGroup>()

  constructor(log: GroupLog) {
    this.log = log
  }

  join(options: GroupOptions): Membership {
    const name = JSON.stringify([options.group, options.topic])
    const group = this.groups.get(name) ?? new MemoryGroup(this.log, options.topic, () => this.groups.delete(name))
    const member = new MemoryMember(group, options, this.log)
    if (group.admit(member)) this.groups.set(name, group)
    return member
  }

  /** To be called when topics have gone. */
  checkTopics(): void {
    for (const group of this.groups.values()) group.checkTopic()
  }
}

/** The members that share one topic, in the order in which they came. */
class MemoryGroup {
  private readonly log: GroupLog
  private readonly topic: string
  private readonly topicId: string | undefined
  private readonly onEmpty: () => void
  private readonly members: MemoryMember[] = []

  constructor(log: GroupLog, topic: string, onEmpty: () => void) {
    this.log = log
    this.topic = topic
    this.topicId = log.findTopic(topic)?.id
    this.onEmpty = onEmpty
  }

  admit(member: MemoryMember): boolean {
    if (this.topicId === undefined) {
      member.end(new WindsockError('topic-missing', `there is no topic ${this.topic}`))
      return false
    }
    const earlier = this.members.findIndex(({ id }) => id === member.id)
    const replaced = this.members[earlier]
    if (replaced === undefined) this.members.push(member)
    else {
      this.members[earlier] = member
      member.share = replaced.share
      replaced.end(replaced.fencing())
    }
    this.shareAnew()
    return true
  }

  remove(member: MemoryMember): void {
    const place = this.members.indexOf(member)
    if (place >= 0) this.members.splice(place, 1)
    this.shareAnew()
    if (this.members.length === 0) this.onEmpty()
  }

  checkTopic(): void {
    const id = this.log.findTopic(this.topic)?.id
    if (id === this.topicId) return
    const error =
      id === undefined
        ? new WindsockError('topic-missing', `there is no topic ${this.topic}`)
        : new WindsockError('position-lost', `topic ${this.topic} was deleted and made anew`)
    for (const member of this.members.splice(0)) member.end(error)
    this.onEmpty()
  }

  shareAnew(): void {
    const count = this.log.findTopic(this.topic)?.partitions ?? 0
    const working = this.members.filter((member) => !member.isDraining)
    const shares = sharePartitions(
      working.map(({ id, share }) => ({ id, held: share })),
      Array.from({ length: count }, (_, partition) => partition),
    )
    for (const member of this.members) member.share = shares.get(member.id) ?? []
    this.handOver()
  }

  /** Gives each member what is its own and free; what it is to lose it releases first. */
  handOver(): void {
    for (const member of this.members.slice()) {
      const others = this.members.filter((each) => each !== member)
      const taken = new Set(others.flatMap(({ held }) => held.held()))
      member.held.assign(member.share.filter((partition) => !taken.has(partition)))
    }
  }
}

class MemoryMember implements Membership {
  readonly id: string
  readonly done: Promise<void>
  readonly held: HeldPartitions
  /** What it is to have once everybody has handed over. */
  share: readonly number[] = []
  isDraining = false
  private readonly group: MemoryGroup
  private readonly options: GroupOptions
  private readonly log: GroupLog
  private readonly settle: { resolve: () => void; reject: (error: unknown) => void }
  private readonly stop = (): void => this.drain()
  private isEnded = false
  private failure: unknown

  constructor(group: MemoryGroup, options: GroupOptions, log: GroupLog) {
    this.group = group
    this.options = options
    this.log = log
    this.id = options.memberId ?? randomUUID()
    this.held = new HeldPartitions(
      options,
      () => this.onHeldChange(),
      (error) => {
        this.failure ??= error
        this.drain()
      },
    )
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.done = promise
    this.settle = { resolve, reject }
    this.done.catch(() => {}) // whoever asks for `done` gets the reason
    options.signal.addEventListener('abort', this.stop)
    if (options.signal.aborted) queueMicrotask(this.stop)
  }

  isCurrent(): boolean {
    return !this.isEnded
  }

  owns(partition: number, generation: number): boolean {
    return this.held.owns(partition, generation)
  }

  async commit(positions: ReadonlyMap<number, number>, generation: number): Promise<readonly number[]> {
    const ours = [...positions].filter(([partition]) => this.held.owns(partition, generation))
    this.log.commit(this.options.group, this.options.topic, new Map(ours))
    return ours.map(([partition]) => partition)
  }

  fencing(): WindsockError {
    return new WindsockError('fenced', `another member has the id ${this.id} in group ${this.options.group}`)
  }

  /** Everything is gone: to whoever has the same id, or with the topic. */
  end(failure?: unknown): void {
    if (this.isEnded) return
    this.isEnded = true
    this.options.signal.removeEventListener('abort', this.stop)
    this.held.lose()
    const reason = failure ?? this.failure
    if (reason === undefined) this.settle.resolve()
    else this.settle.reject(reason)
  }

  private drain(): void {
    if (this.isEnded || this.isDraining) return
    this.isDraining = true
    this.group.shareAnew()
    this.onHeldChange()
  }

  private onHeldChange(): void {
    if (this.isEnded) return
    if (this.isDraining && this.held.held().length === 0) {
      this.end()
      this.group.remove(this)
    } else this.group.handOver()
  }
}
