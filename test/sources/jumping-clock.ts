import type { Clock } from '../../src/foundation/clock.ts'

/** A clock on which a sleep is over at once: the time jumps to its end. */
export class JumpingClock implements Clock {
  time = 1_000_000
  /** How long each sleep was to be. */
  readonly sleeps: number[] = []
  /** Called in the middle of every sleep. */
  onSleep: () => void = () => {}

  now(): number {
    return this.time
  }

  async sleep(ms: number): Promise<void> {
    this.sleeps.push(ms)
    this.time += ms / 2
    this.onSleep()
    this.time += ms / 2
  }
}
