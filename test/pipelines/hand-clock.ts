import type { Clock } from '../../src/foundation/clock.ts'

interface Sleeper {
  readonly at: number
  readonly wake: () => void
}

/** A clock that stands still until it is moved by hand. */
export class HandClock implements Clock {
  time: number
  private readonly sleepers = new Set<Sleeper>()

  constructor(time = Date.UTC(2015, 0, 1)) {
    this.time = time
  }

  now(): number {
    return this.time
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const sleeper = { at: this.time + ms, wake: () => resolve() }
    this.sleepers.add(sleeper)
    signal?.addEventListener('abort', sleeper.wake)
    await promise
    signal?.removeEventListener('abort', sleeper.wake)
    this.sleepers.delete(sleeper)
  }

  /** Moves on, stops wherever somebody wakes, and lets each finish what it does then. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms
    await settle()
    for (let next = this.nextUntil(end); next !== undefined; next = this.nextUntil(end)) {
      this.time = Math.max(this.time, next.at)
      next.wake()
      await settle()
    }
    this.time = end
  }

  private nextUntil(end: number): Sleeper | undefined {
    const [first] = [...this.sleepers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)
    return first
  }
}

/** Lets everything come to rest that is under way and waits for no time to pass. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve))
}
