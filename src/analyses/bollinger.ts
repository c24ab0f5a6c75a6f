import { isLaterDate } from '../model/value.ts'
import { prices } from '../topics/prices.ts'
import { defineAnalysis } from './analysis.ts'

/**
 * Bollinger Bands (John Bollinger, "Bollinger on Bollinger Bands", 2001): the simple mean of the last `period` closes, and
 * `deviations` population standard deviations above and below it. First value at bar `period`. Prices as they come.
 *
 * Two passes over the window, oldest bar first: exact to the last digits on large and trending prices, where running
 * sums are not, and the same on every machine.
 */
export const bollinger = defineAnalysis({
  name: 'bollinger',
  input: prices,
  reads: ['symbol', 'date', 'close'],
  settings: {
    period: { default: 20, min: 1, max: 10_000, whole: true },
    deviations: { default: 2, min: 0, max: 100, whole: false },
  },
  keyBy: (row) => row.symbol,
  create: ({ period, deviations }) => ({
    begin: () => ({ symbol: '', date: '', closes: [] }),

    fold(state: BollingerState, { symbol, date, close }) {
      if (Math.abs(close) > closeMax) return `the close of ${symbol}, ${close}, is too large`
      if (date === state.date) state.closes.pop() // the newest bar again, with newer prices
      else if (!isLaterDate(date, state.date)) return `older than the newest bar of ${symbol}, ${state.date}`
      state.symbol = symbol
      state.date = date
      state.closes.push(close)
      if (state.closes.length > period) state.closes.shift()
      return undefined
    },

    report({ symbol, date, closes }: BollingerState) {
      const close = closes.at(-1)
      if (close === undefined || closes.length < period) return undefined
      let sum = 0
      for (const value of closes) sum += value
      const middle = sum / period
      let squares = 0
      for (const value of closes) squares += (value - middle) ** 2
      const width = deviations * Math.sqrt(squares / period)
      return { symbol, date, close, middle, upper: middle + width, lower: middle - width }
    },
  }),
  emits: { key: ['symbol', 'date'], columns: ['symbol', 'date', 'close', 'middle', 'upper', 'lower'] },
})

/** A larger one has no square among the doubles, and its bands would be no numbers. */
const closeMax = 1e150

interface BollingerState {
  symbol: string
  date: string
  /** The last `period` closes at most, oldest first. */
  closes: number[]
}
