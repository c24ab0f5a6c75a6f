import { formatDayAndMonth, formatMonth } from './format.ts'

export interface Tick {
  /** The row at which a new week, month or year begins. */
  readonly row: number
  readonly label: string
}

interface Step {
  readonly of: (date: string) => number
  readonly label: (date: string) => string
}

const week: Step = {
  // Monday begins a week; 1 January 1970 was a Thursday.
  of: (date) => Math.floor((Date.parse(`${date.slice(0, 10)}T00:00Z`) / 86_400_000 + 3) / 7),
  label: formatDayAndMonth,
}

const everyMonths = (count: number): Step => ({
  of: (date) => Math.floor((Number(date.slice(0, 4)) * 12 + Number(date.slice(5, 7)) - 1) / count),
  label: (date) => (count >= 12 || date.slice(5, 7) === '01' ? date.slice(0, 4) : formatMonth(date)),
})

const steps = [week, ...[1, 2, 3, 6, 12, 24, 60, 120, 240].map(everyMonths)]

/** Marks for an axis of trading days: the finest of weeks, months and years that gives no more than `ticksMax`. */
export function dateTicks(dates: readonly string[], first: number, last: number, ticksMax: number): Tick[] {
  for (const step of steps) {
    const ticks = ticksOf(step, dates, first, last, ticksMax)
    if (ticks.length <= ticksMax) return ticks
  }
  return []
}

/** Ends as soon as there is one too many: a step that is too fine costs next to nothing. */
function ticksOf(step: Step, dates: readonly string[], first: number, last: number, ticksMax: number): Tick[] {
  const ticks: Tick[] = []
  let before = step.of(dates[Math.max(0, first - 1)] ?? '')
  for (let row = first; row <= last && ticks.length <= ticksMax; row += 1) {
    const date = dates[row] ?? ''
    const here = step.of(date)
    if (here > before) ticks.push({ row, label: step.label(date) })
    before = here
  }
  return ticks
}
