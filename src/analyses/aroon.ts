import { isLaterDate } from '../model/value.ts'
import { prices } from '../topics/prices.ts'
import { defineAnalysis } from './analysis.ts'

/**
 * Aroon (Tushar Chande, 1995) over the last `period` + 1 bars: `up` is 100 × (period − bars since the highest high) / period,
 * `down` the same of the lowest low, `oscillator` their difference, from −100 to 100. Of equal extremes the most recent
 * counts. First value at bar `period` + 1.
 */
export const aroon = defineAnalysis({
  name: 'aroon',
  input: prices,
  reads: ['symbol', 'date', 'high', 'low'],
  settings: { period: { default: 14, min: 1, max: 10_000, whole: true } },
  keyBy: (row) => row.symbol,
  create: ({ period }) => ({
    begin: () => ({ symbol: '', date: '', highs: [], lows: [] }),

    fold(state: AroonState, { symbol, date, high, low }) {
      if (date === state.date) {
        state.highs.pop() // the newest bar again, with newer prices
        state.lows.pop()
      } else if (!isLaterDate(date, state.date)) {
        return `older than the newest bar of ${symbol}, ${state.date}`
      }
      state.symbol = symbol
      state.date = date
      state.highs.push(high)
      state.lows.push(low)
      if (state.highs.length > period + 1) {
        state.highs.shift()
        state.lows.shift()
      }
      return undefined
    },

    report({ symbol, date, highs, lows }: AroonState) {
      if (highs.length < period + 1) return undefined
      let highest = 0
      let lowest = 0
      for (let bar = 1; bar <= period; bar++) {
        if ((highs[bar] ?? 0) >= (highs[highest] ?? 0)) highest = bar
        if ((lows[bar] ?? 0) <= (lows[lowest] ?? 0)) lowest = bar
      }
      // The window is oldest first, so an extreme's place is `period` minus the bars since.
      const up = (100 * highest) / period
      const down = (100 * lowest) / period
      return { symbol, date, up, down, oscillator: up - down }
    },
  }),
  emits: { key: ['symbol', 'date'], columns: ['symbol', 'date', 'up', 'down', 'oscillator'] },
})

interface AroonState {
  symbol: string
  date: string
  /** The last `period` + 1 highs and lows at most, oldest first. */
  highs: number[]
  lows: number[]
}
