import { optional, required, type Schema } from './schema.ts'

/**
 * A price bar, with the columns of a yfinance download plus `Label`, the symbol. Prices are in the currency of the
 * exchange and may be negative, as oil was in 2020; `Adj Close` is adjusted for splits and dividends, the others may not be.
 */
const fields = {
  date: required('date', 'Date', { aliases: ['Datetime'] }),
  open: required('number', 'Open'),
  high: required('number', 'High'),
  low: required('number', 'Low'),
  close: required('number', 'Close'),
  adjClose: optional('number', 'Adj Close', { aliases: ['AdjClose'] }),
  volume: optional('number', 'Volume', { unit: 'shares', min: 0 }),
  symbol: required('text', 'Label', { aliases: ['Symbol', 'Ticker'] }),
} as const

export type BarFields = typeof fields

export const barSchema: Schema<BarFields> = { name: 'prices', fields }
