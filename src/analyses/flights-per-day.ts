import { flights } from '../topics/flights.ts'
import { defineAnalysis } from './analysis.ts'

/** Flights per airline and day of the row's YEAR, MONTH, DAY. Every row counts, cancelled and diverted ones too. */
export const flightsPerDay = defineAnalysis({
  name: 'flights-per-day',
  input: flights,
  reads: ['airline', 'year', 'month', 'day'],
  settings: {},
  keyBy: (row) => `${row.airline} ${dayOf(row)}`,
  create: () => ({
    begin: () => ({ airline: '', day: '', flights: 0 }),

    fold(state: FlightsPerDay, row) {
      state.airline = row.airline
      state.day = dayOf(row)
      state.flights++
      return undefined
    },

    report: (state: FlightsPerDay) => ({ ...state }),
  }),
  emits: { key: ['airline', 'day'], columns: ['airline', 'day', 'flights'] },
})

type FlightsPerDay = { airline: string; day: string; flights: number }

function dayOf({ year, month, day }: { readonly year: number; readonly month: number; readonly day: number }): string {
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`
}
