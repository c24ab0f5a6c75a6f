import type { AlignedColumns, Column } from './aligned-columns.ts'
import { chooseForm, type FlightsForm } from './flights-choice.ts'

/** What the flights chart shows: the days there are, and a column of counts for each chosen airline. */
export interface FlightsPicture {
  readonly form: FlightsForm
  readonly days: readonly string[]
  readonly airlines: readonly string[]
  readonly counts: readonly Column[]
  /** Whether the newest day may still grow. */
  readonly isRunning: boolean
}

export function pictureFlights(columns: AlignedColumns, chosen: readonly string[], isRunning: boolean): FlightsPicture {
  const known = new Set(columns.columnNames())
  const days = columns.keys
  // An airline that was chosen on an earlier visit may not have come yet: it keeps its place without counts.
  const counts = chosen.map((airline) => (known.has(airline) ? columns.column(airline) : days.map(() => null)))
  return { form: chooseForm(days.length), days, airlines: chosen, counts, isRunning }
}

/** All flights of each airline over all days. */
export function sumByAirline(columns: AlignedColumns): Map<string, number> {
  return new Map(columns.columnNames().map((airline) => [airline, sum(columns.column(airline))]))
}

/** All flights of one day over all airlines. */
export function sumOfDay(columns: AlignedColumns, row: number): number {
  return columns.columnNames().reduce((total, airline) => total + (columns.column(airline)[row] ?? 0), 0)
}

function sum(column: Column): number {
  return column.reduce<number>((total, count) => total + (count ?? 0), 0)
}
