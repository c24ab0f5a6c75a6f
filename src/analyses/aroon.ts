import { isLaterDate } from '../model/value.ts'
import { prices } from '../topics/prices.ts'
import { defineAnalysis } from './analysis.ts'
import { latest, text } from './state.ts'

/**
 * Aroon (Tushar Chande, 1995) over the last `period` + 1 bars: `up` is 100 × (period − bars since the highest high) / period,
 * `down` the same of the lowest low, `oscillator` their difference, from −100 to 100. Of equal extremes the most recent
 * counts. First value at bar `period` + 1.
 */
export const aroon = defineAnalysis({
  name: 'aroon',
  input: prices,
  reads: ['symbol', 'date', 'high', 'low'],
  keyBy: ['symbol'],
  settings: { period: { default: 14, min: 1, max: 10_000, whole: true } },

  begin: ({ period }) => ({ date: text(), highs: latest(period + 1), lows: latest(period + 1) }),

  fold(state, { symbol, date, high, low }) {
    if (date === state.date) {
      state.highs.replaceNewest(high) // the newest bar again, with newer prices
      state.lows.replaceNewest(low)
      return undefined
    }
    if (!isLaterDate(date, state.date)) return `older than the newest bar of ${symbol}, ${state.date}`
    state.date = date
    state.highs.push(high)
    state.lows.push(low)
    return undefined
  },

  report({ date, highs, lows }, { symbol }, { period }) {
    if (highs.length < period + 1) return undefined
    let highest = 0
    let lowest = 0
    let top = highs.at(0)
    let bottom = lows.at(0)
    for (let bar = 1; bar <= period; bar++) {
      const high = highs.at(bar)
      const low = lows.at(bar)
      if (high >= top) {
        top = high
        highest = bar
      }
      if (low <= bottom) {
        bottom = low
        lowest = bar
      }
    }
    // The window is oldest first, so an extreme's place is `period` minus the bars since.
    const up = (100 * highest) / period
    const down = (100 * lowest) / period
    return { symbol, date, up, down, oscillator: up - down }
  },

  emits: { per: 'row', key: ['symbol', 'date'], columns: ['symbol', 'date', 'up', 'down', 'oscillator'] },
})
