import type { Clock } from '../foundation/clock.ts'
import type { Frame } from '../model/frame.ts'
import type { Fields } from '../model/schema.ts'
import { Pacer } from './pacer.ts'
import type { TimeOf } from './source.ts'

/**
 * - `max`: as fast as the slices are taken
 * - `rate`: so many rows a second
 * - `speed`: so many times as fast as the rows happened. The data's clock never goes back: a row without a time, or
 *   with an earlier one than a row before it, goes with its predecessor. A gap costs at most `gapMsMax`.
 */
export type Pace =
  | { readonly kind: 'max' }
  | { readonly kind: 'rate'; readonly perSecond: number }
  | { readonly kind: 'speed'; readonly times: number }

/**
 * The rows `from` to `to` (exclusive) of a frame, to be handled now. Every frame comes in at least one slice and has
 * exactly one with `from` 0, the one to report its refusals with; a frame without rows has `from` and `to` 0.
 */
export interface Slice<F extends Fields = Fields> {
  readonly frame: Frame<F>
  readonly from: number
  readonly to: number
}

export interface PaceOptions<F extends Fields> {
  readonly pace: Pace
  readonly timeOf: TimeOf<F>
  readonly clock: Clock
  /** Ends the slices early and without an error. */
  readonly signal: AbortSignal
  /** The first so many rows come at once; the pace begins behind them. */
  readonly history?: number
  /** To pause and resume from outside; a pause also holds `max` and the history. */
  readonly pacer?: Pacer
}

/** The longest wait between two rows at `speed`, so that a night or a weekend does not look like a standstill. */
export const gapMsMax = 10_000
/** Rows that are due within this time share a slice, so that a high rate is not one row a timer. */
export const tickMs = 20
/** A reader or machine that stalled for longer than this is not owed the rows of the time beyond. */
export const owedMsMax = 30_000
/** Timers take no more than some 24 days; a longer wait is made of several. */
const sleepMsMax = 3_600_000

/**
 * Cuts frames into slices in time. The times are set against one beginning, so waits that end late do not add up: rows
 * that became due meanwhile come together, at most a frame at a time.
 */
export async function* pace<F extends Fields>(
  frames: AsyncIterable<Frame<F>>,
  options: PaceOptions<F>,
): AsyncGenerator<Slice<F>, void, undefined> {
  const { signal, clock, pacer = new Pacer(clock) } = options
  const schedule = createSchedule(options)
  const timer = new Timer(clock, pacer)
  for await (const frame of frames) {
    let from = 0
    let dueMs = frame.length === 0 ? atOnce : schedule(frame, 0)
    do {
      await timer.waitFor(dueMs, signal)
      if (signal.aborted) return
      let to = from
      while (to < frame.length && dueMs <= timer.tick) {
        to++
        if (to < frame.length) dueMs = schedule(frame, to)
      }
      yield { frame, from, to }
      from = to
    } while (from < frame.length)
  }
}

/**
 * When each row is due, in milliseconds from the first row that is not due at once; to be asked once for every row, in
 * order.
 */
type Schedule<F extends Fields> = (frame: Frame<F>, index: number) => number

const atOnce = -Infinity

function createSchedule<F extends Fields>({ pace: chosen, timeOf, history = 0 }: PaceOptions<F>): Schedule<F> {
  const paced = createPacedSchedule(chosen, timeOf)
  let rows = 0
  return (frame, index) => (rows++ < history ? atOnce : paced(frame, index))
}

function createPacedSchedule<F extends Fields>(chosen: Pace, timeOf: TimeOf<F>): Schedule<F> {
  switch (chosen.kind) {
    case 'max':
      return () => atOnce
    case 'rate': {
      const perMs = positive('perSecond', chosen.perSecond) / 1000
      let rows = 0
      return () => rows++ / perMs
    }
    case 'speed': {
      const times = positive('times', chosen.times)
      let dueMs = 0
      let latest: number | undefined
      return (frame, index) => {
        const time = timeOf(frame, index)
        if (time === undefined || time <= (latest ?? -Infinity)) return dueMs
        if (latest !== undefined) dueMs += Math.min((time - latest) / times, gapMsMax)
        latest = time
        return dueMs
      }
    }
  }
}

function positive(name: string, value: number): number {
  if (value > 0 && Number.isFinite(value)) return value
  throw new RangeError(`${name} must be a number above 0, got ${value}`)
}

/** Goes forward in ticks: `tick` is the time up to which rows are due, in milliseconds from the first wait. */
class Timer {
  tick = -Infinity
  private readonly clock: Clock
  private readonly pacer: Pacer
  /** What the clock would show at 0, had it not been paused, stalled or set. */
  private beginning: number | undefined
  private lastElapsed = 0

  constructor(clock: Clock, pacer: Pacer) {
    this.clock = clock
    this.pacer = pacer
  }

  async waitFor(dueMs: number, signal: AbortSignal): Promise<void> {
    await this.pacer.whenResumed(signal)
    if (dueMs <= this.tick) return
    const wakeMs = Math.max(dueMs, this.tick + tickMs)
    let elapsed = this.elapsed()
    while (elapsed < wakeMs && !signal.aborted) {
      await this.clock.sleep(Math.min(Math.ceil(wakeMs - elapsed), sleepMsMax), signal)
      await this.pacer.whenResumed(signal)
      elapsed = this.elapsed()
    }
    if (elapsed - dueMs > owedMsMax) {
      this.begin(elapsed - dueMs - owedMsMax)
      elapsed = this.elapsed()
    }
    this.tick = elapsed
  }

  private elapsed(): number {
    const running = this.clock.now() - this.pacer.pausedMs
    this.beginning ??= running
    // A clock that is set back must not make the rows wait until it is as late again.
    if (running - this.beginning < this.lastElapsed) this.beginning = running - this.lastElapsed
    return (this.lastElapsed = running - this.beginning)
  }

  private begin(laterMs: number): void {
    this.beginning = (this.beginning ?? 0) + laterMs
    this.lastElapsed -= laterMs
  }
}
