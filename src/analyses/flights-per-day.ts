import { flights } from '../topics/flights.ts'
import { defineAnalysis } from './analysis.ts'
import { count } from './state.ts'

/** Flights per airline and day of the row's YEAR, MONTH, DAY. Every row counts, cancelled and diverted ones too. */
export const flightsPerDay = defineAnalysis({
  name: 'flights-per-day',
  input: flights,
  reads: ['airline', 'year', 'month', 'day'],
  keyBy: ['airline', 'year', 'month', 'day'],
  settings: {},

  begin: () => ({ flights: count() }),

  fold(state) {
    state.flights++
    return undefined
  },

  report: (state, { airline, year, month, day }) => ({
    airline,
    day: dayOf(year, month, day),
    flights: state.flights,
  }),

  emits: { per: 'key', key: ['airline', 'day'], columns: ['airline', 'day', 'flights'] },
})

function dayOf(year: number, month: number, day: number): string {
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`
}
