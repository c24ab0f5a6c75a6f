import { setTimeout as delay } from 'node:timers/promises'
import type { Broker, Membership } from '../../src/broker/broker.ts'

export interface WatchedOptions {
  readonly memberId?: string
  /** What onReleased does before it resolves. */
  readonly release?: (partitions: readonly number[], member: WatchedMember) => Promise<void>
  readonly gain?: (partitions: readonly number[]) => Promise<void>
}

/** A member whose calls are noted, in the order in which all members of a test were called. */
export class WatchedMember {
  readonly membership: Membership
  readonly name: string
  readonly working = new Set<number>()
  readonly released: number[] = []
  readonly lost: number[] = []
  readonly troubles: (string | undefined)[] = []
  generation = 0
  private readonly abort = new AbortController()

  /** @param journal told of everything, `first gained 1`, by every member that is given the same one */
  constructor(
    broker: Broker,
    place: { readonly group: string; readonly topic: string },
    name: string,
    journal: string[],
    options: WatchedOptions = {},
  ) {
    this.name = name
    const note = (what: string, partitions: readonly number[]): void => {
      for (const partition of partitions) journal.push(`${name} ${what} ${partition}`)
    }
    this.membership = broker.joinGroup({
      ...place,
      ...(options.memberId === undefined ? {} : { memberId: options.memberId }),
      signal: this.abort.signal,
      onGained: async (partitions, generation) => {
        note('gained', partitions)
        this.generation = generation
        for (const partition of partitions) this.working.add(partition)
        await options.gain?.(partitions)
      },
      onReleased: async (partitions) => {
        note('releases', partitions)
        await (options.release?.(partitions, this) ?? delay(5))
        for (const partition of partitions) this.working.delete(partition)
        this.released.push(...partitions)
        note('released', partitions)
      },
      onLost: (partitions) => {
        note('lost', partitions)
        for (const partition of partitions) this.working.delete(partition)
        this.lost.push(...partitions)
      },
      onTrouble: (reason) => this.troubles.push(reason),
    })
  }

  get partitions(): number[] {
    return [...this.working].toSorted((a, b) => a - b)
  }

  commit(positions: readonly (readonly [number, number])[], generation = this.generation): Promise<readonly number[]> {
    return this.membership.commit(new Map(positions), generation)
  }

  /** Asks it to stop, and gives what its membership ended with: undefined when in order. */
  stop(): Promise<unknown> {
    this.abort.abort()
    return this.ended()
  }

  ended(): Promise<unknown> {
    return this.membership.done.then(
      () => undefined,
      (error: unknown) => error,
    )
  }
}
