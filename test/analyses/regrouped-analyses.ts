import { type ChosenAnalysis, chooser } from '../../src/analyses/all.ts'
import { defineAnalysis } from '../../src/analyses/analysis.ts'
import { count, highest, latest, lowest, number, sum } from '../../src/analyses/state.ts'
import { flights } from '../../src/topics/flights.ts'
import { prices } from '../../src/topics/prices.ts'

/** Analyses by another key than that of their input. */

/** Counts, a sum and extremes; some flights have no origin, and some of those no delay. */
export const departures: ChosenAnalysis = chooser(
  defineAnalysis({
    name: 'departures',
    input: flights,
    reads: ['originAirport', 'departureDelay'],
    keyBy: ['originAirport'],
    settings: {},
    begin: () => ({ flights: count(), delay: sum(), least: lowest(), most: highest() }),
    fold(state, { departureDelay }) {
      state.flights++
      if (departureDelay === null) return undefined
      state.delay += departureDelay
      state.least = Math.min(state.least, departureDelay)
      state.most = Math.max(state.most, departureDelay)
      return undefined
    },
    report: (state, { originAirport }) => ({
      origin: originAirport ?? '',
      flights: state.flights,
      delay: state.delay,
      // As texts, so that nothing of them is lost on the way.
      extremes: `${exactly(state.least)} ${exactly(state.most)}`,
    }),
    emits: { per: 'key', key: ['origin'], columns: ['origin', 'flights', 'delay', 'extremes'] },
  }),
)({})

/** How the last closes of a day followed each other, whatever the symbol; a close of 13 is refused. */
export const closesOfDay: ChosenAnalysis = chooser(
  defineAnalysis({
    name: 'closes-of-day',
    input: prices,
    reads: ['date', 'symbol', 'close', 'volume'],
    keyBy: ['date'],
    settings: {},
    begin: () => ({ rows: number(), closes: latest(3) }),
    fold(state, { close }) {
      if (close === 13) return 'unlucky'
      state.rows++
      state.closes.push(close)
      return undefined
    },
    report: ({ rows, closes }, { date }) => ({
      date,
      rows,
      closes: [0, 1, 2].map((index) => exactly(closes.at(index))).join(' '),
    }),
    emits: { per: 'row', key: ['date', 'rows'], columns: ['date', 'rows', 'closes'] },
  }),
)({})

/** One key for all rows. */
export const allFlights: ChosenAnalysis = chooser(
  defineAnalysis({
    name: 'all-flights',
    input: flights,
    reads: ['airline'],
    keyBy: [],
    settings: {},
    begin: () => ({ flights: count() }),
    fold(state) {
      state.flights++
      return undefined
    },
    report: ({ flights: counted }) => ({ what: 'flights', flights: counted }),
    emits: { per: 'key', key: ['what'], columns: ['what', 'flights'] },
  }),
)({})

/** The same analysis of an input of other partitions. */
export function withPartitions(analysis: ChosenAnalysis, partitions: number): ChosenAnalysis {
  return { ...analysis, input: { ...analysis.input, partitions } }
}

function exactly(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}
