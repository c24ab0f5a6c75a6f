import { createPricesCsv } from '../../src/sources/prices-csv.ts'
import { demonstration } from '../sources/demonstration-data.ts'

export interface Bar {
  readonly symbol: string
  readonly date: string
  readonly high: number
  readonly low: number
  readonly close: number
}

export const historyFiles = ['AAPL', 'GOOG', 'IBM', 'MSFT', 'SPY'].map((symbol) =>
  demonstration(`prices/${symbol}.csv.gz`),
)

/** The committed price histories, oldest bar first, by symbol. */
export async function readHistories(): Promise<ReadonlyMap<string, readonly Bar[]>> {
  const histories = new Map<string, Bar[]>()
  const source = await createPricesCsv(historyFiles)
  for await (const frame of source.observe(new AbortController().signal)) {
    for (let index = 0; index < frame.length; index++) {
      const { symbol, date, high, low, close } = frame.rowAt(index)
      const bars = histories.get(symbol) ?? []
      bars.push({ symbol, date, high, low, close })
      histories.set(symbol, bars)
    }
  }
  return histories
}

/** A bar of a symbol A whose prices are all the same, or are given one by one. */
export function barOf(date: string, close: number, high = close, low = close): Bar {
  return { symbol: 'A', date, high, low, close }
}

/** The `index`th day from 2000-01-01 on. */
export function dayOf(index: number): string {
  return new Date(Date.UTC(2000, 0, 1 + index)).toISOString().slice(0, 10)
}
