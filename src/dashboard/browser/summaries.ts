import { airlineLabel } from './airline-names.ts'
import { formatCount, formatDayAndMonth, formatFixed } from './format.ts'

/** Sentences made from the newest values: what a chart shows now, for eyes and for screen readers alike. */

type Value = number | null

/** The band lies two deviations from its middle, as the analysis is defined. */
const deviationsOfBand = 2

export function describeBollinger(close: Value, middle: Value, upper: Value, lower: Value): string {
  if (close === null || middle === null || upper === null || lower === null) {
    return close === null ? 'No bar yet.' : 'Too few bars for a band yet.'
  }
  const deviation = (upper - middle) / deviationsOfBand
  if (deviation <= 0) return 'The band has no width: twenty closes in a row are equal.'
  const place = close > upper ? 'Above' : close < lower ? 'Below' : 'Inside'
  const distance = (close - middle) / deviation
  const size = formatFixed(Math.abs(distance), 1)
  if (size === '0.0') return `${place} the band, at its middle.`
  return `${place} the band, ${size} deviations ${distance > 0 ? 'above' : 'below'} its middle.`
}

export function describeAroon(up: Value, down: Value): string {
  if (up === null || down === null) return 'Too few bars for Aroon yet.'
  return `Aroon up ${formatFixed(up, 0)}, down ${formatFixed(down, 0)}: ${aroonMeaning(up, down)}.`
}

/** The usual reading: above 70 the extreme is young, below 30 it is old. */
function aroonMeaning(up: number, down: number): string {
  if (up === 100 && down < 100) return 'at its 14-day high'
  if (down === 100 && up < 100) return 'at its 14-day low'
  if (up >= 70 && down <= 30) return 'near its 14-day high'
  if (down >= 70 && up <= 30) return 'near its 14-day low'
  return up > down
    ? 'its high is younger than its low'
    : up < down
      ? 'its low is younger than its high'
      : 'no direction'
}

export interface DayCount {
  readonly airline: string
  readonly flights: number
}

/** @param isRunning whether more flights of that day may still come */
export function describeFlights(day: string | undefined, counts: readonly DayCount[], isRunning: boolean): string {
  if (day === undefined || counts.length === 0) return 'No flight counted yet.'
  const all = counts.reduce((sum, { flights }) => sum + flights, 0)
  const most = counts.reduce((best, count) => (count.flights > best.flights ? count : best))
  const chosen = counts.length === 1 ? airlineLabel(most.airline) : `the ${counts.length} chosen`
  const head = `${formatCount(all)} flights on ${formatDayAndMonth(day)}${isRunning ? ' so far' : ''} by ${chosen}`
  return counts.length === 1
    ? `${head}.`
    : `${head}, most by ${airlineLabel(most.airline)} (${formatCount(most.flights)}).`
}
