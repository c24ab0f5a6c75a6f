/** A clock and timers that are moved by hand. */
export interface FakeTimers {
  readonly now: () => number
  readonly after: (delayMs: number, call: () => void) => () => void
  /** Runs what is due until then, in order. */
  advance(byMs: number): void
}

export function createFakeTimers(): FakeTimers {
  let now = 1_000_000
  let timers: { readonly at: number; readonly call: () => void }[] = []
  return {
    now: () => now,
    after(delayMs, call) {
      const timer = { at: now + delayMs, call }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    advance(byMs) {
      const end = now + byMs
      for (;;) {
        const [next] = timers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)
        if (next === undefined) break
        timers = timers.filter((other) => other !== next)
        now = next.at
        next.call()
      }
      now = end
    },
  }
}
