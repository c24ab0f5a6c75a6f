import { firstRowFrom } from './aligned-columns.ts'

/** Which bars the reader looks at: so many up to a date, or up to the newest while he follows it. */
export interface Span {
  /** Infinity for every bar there is. */
  readonly bars: number
  /** The last date shown; null follows the newest bar. */
  readonly end: string | null
}

/** Trading days: 21 a month, 252 a year. */
export const spanChoices: ReadonlyMap<string, number> = new Map([
  ['1M', 21],
  ['3M', 63],
  ['6M', 126],
  ['1Y', 252],
  ['All', Number.POSITIVE_INFINITY],
])

export const barsMin = 10

/** Rows from `first` to `last`, both shown; `last` is -1 when there is nothing. `bars` is the room the axis gives. */
export interface ShownRows {
  readonly first: number
  readonly last: number
  readonly bars: number
}

export function resolveSpan(span: Span, dates: readonly string[]): ShownRows {
  const last = span.end === null ? dates.length - 1 : Math.min(dates.length - 1, firstRowFrom(dates, span.end))
  // A short history keeps the room of a full one and fills it from the left, so that bars do not change their width.
  const bars = Number.isFinite(span.bars) ? span.bars : Math.max(60, last + 1)
  return { first: Math.max(0, last - bars + 1), last, bars }
}

/** Moves by bars, forward when positive. At the newest bar the span follows again. */
export function panSpan(span: Span, dates: readonly string[], byBars: number): Span {
  const { last, bars } = resolveSpan(span, dates)
  const earliestEnd = Math.min(dates.length, bars) - 1
  const end = Math.max(earliestEnd, last + byBars)
  return end >= dates.length - 1 ? { ...span, end: null } : { ...span, end: dates[end] ?? null }
}

/** Shows more bars with a factor above one, fewer with one below. */
export function zoomSpan(span: Span, dates: readonly string[], factor: number): Span {
  const { bars } = resolveSpan(span, dates)
  const wanted = Math.max(barsMin, Math.round(bars * factor))
  return { ...span, bars: wanted >= dates.length && factor > 1 ? Number.POSITIVE_INFINITY : wanted }
}
