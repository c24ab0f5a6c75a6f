import type { Clock } from '../foundation/clock.ts'

/** Holds a pace and lets it go on. Time that was paused does not count: nothing is owed afterwards. */
export class Pacer {
  private readonly clock: Clock
  private pausedSince: number | undefined
  private pausedBeforeMs = 0
  private waiting: (() => void)[] = []

  constructor(clock: Clock) {
    this.clock = clock
  }

  get isPaused(): boolean {
    return this.pausedSince !== undefined
  }

  /** How long it has been paused in all, up to now. */
  get pausedMs(): number {
    return this.pausedBeforeMs + (this.pausedSince === undefined ? 0 : this.clock.now() - this.pausedSince)
  }

  pause(): void {
    this.pausedSince ??= this.clock.now()
  }

  resume(): void {
    this.pausedBeforeMs = this.pausedMs
    this.pausedSince = undefined
    for (const wake of this.waiting.splice(0)) wake()
  }

  /** Resolves while it is not paused, or when the signal aborts. */
  async whenResumed(signal: AbortSignal): Promise<void> {
    while (this.isPaused && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const wake = (): void => resolve()
      this.waiting.push(wake)
      signal.addEventListener('abort', wake, { once: true })
      await promise
      signal.removeEventListener('abort', wake)
    }
  }
}
