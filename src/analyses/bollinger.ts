import { isLaterDate } from '../model/value.ts'
import { prices } from '../topics/prices.ts'
import { defineAnalysis } from './analysis.ts'
import { latest, text } from './state.ts'

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
  keyBy: ['symbol'],
  settings: {
    period: { default: 20, min: 1, max: 10_000, whole: true },
    deviations: { default: 2, min: 0, max: 100, whole: false },
  },

  begin: ({ period }) => ({ date: text(), closes: latest(period) }),

  fold(state, { symbol, date, close }) {
    if (Math.abs(close) > closeMax) return `the close of ${symbol}, ${close}, is too large`
    if (date === state.date) {
      state.closes.replaceNewest(close) // the newest bar again, with newer prices
      return undefined
    }
    if (!isLaterDate(date, state.date)) return `older than the newest bar of ${symbol}, ${state.date}`
    state.date = date
    state.closes.push(close)
    return undefined
  },

  report({ date, closes }, { symbol }, { period, deviations }) {
    if (closes.length < period) return undefined
    let sum = 0
    for (let bar = 0; bar < period; bar++) sum += closes.at(bar)
    const middle = sum / period
    let squares = 0
    for (let bar = 0; bar < period; bar++) squares += (closes.at(bar) - middle) ** 2
    const width = deviations * Math.sqrt(squares / period)
    return { symbol, date, close: closes.at(period - 1), middle, upper: middle + width, lower: middle - width }
  },

  emits: { per: 'row', key: ['symbol', 'date'], columns: ['symbol', 'date', 'close', 'middle', 'upper', 'lower'] },
})

/** A larger one has no square among the doubles, and its bands would be no numbers. */
const closeMax = 1e150
