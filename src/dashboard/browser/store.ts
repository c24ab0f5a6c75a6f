import { liveTables, type LiveTable, type LiveUpdate, type TableUpdate } from '../../model/live.ts'
import { createAlignedColumns, type AlignedColumns } from './aligned-columns.ts'

/** What the page holds of the tables: one set of aligned columns a symbol, and one for the flights with a column an airline. */
export interface Store {
  apply(update: LiveUpdate): void
  /** In the order in which they first came. */
  symbols(): readonly string[]
  series(symbol: string): Series | undefined
  readonly flights: Series
  /** When the newest record behind a table was sent, by what the updates said; null before anything said so. */
  newestSentAt(table: LiveTable): number | null
  /** Rows that could not be kept: without a key, or beyond what a page holds. */
  readonly leftOut: number
}

export interface Series {
  readonly columns: AlignedColumns
  /** Changes with every row taken in: a view that drew this revision has nothing to draw. */
  readonly revision: number
}

export const symbolsMax = 2_000
/** Ten years of 250 trading days, forty times over. */
export const barsPerSymbolMax = 100_000
export const airlinesMax = 500
export const daysMax = 20_000

export function createStore(): Store {
  const seriesBySymbol = new Map<string, { columns: AlignedColumns; revision: number }>()
  const newestSentAtByTable = new Map<LiveTable, number>()
  let flights = { columns: createAlignedColumns(daysMax), revision: 0 }
  // Counts on across a reset, so that a view never takes an emptied series for the one it drew.
  let revision = 0
  let leftOut = 0

  function reset(): void {
    seriesBySymbol.clear()
    newestSentAtByTable.clear()
    revision += 1
    flights = { columns: createAlignedColumns(daysMax), revision }
    leftOut = 0
  }

  function seriesFor(symbol: string): { columns: AlignedColumns; revision: number } | undefined {
    const found = seriesBySymbol.get(symbol)
    if (found !== undefined || seriesBySymbol.size >= symbolsMax) return found
    const made = { columns: createAlignedColumns(barsPerSymbolMax), revision }
    seriesBySymbol.set(symbol, made)
    return made
  }

  function foldBars(table: 'prices' | 'bollinger' | 'aroon', update: TableUpdate): void {
    const symbols = update.columns['symbol'] ?? []
    const dates = update.columns['date'] ?? []
    const names = liveTables[table].columns.filter((name) => name !== 'symbol' && name !== 'date')
    for (const [at, symbol] of symbols.entries()) {
      const date = dates[at]
      const series = typeof symbol === 'string' && typeof date === 'string' ? seriesFor(symbol) : undefined
      const row = series?.columns.rowFor(String(date)) ?? -1
      if (series === undefined || row < 0) {
        leftOut += 1
        continue
      }
      series.revision = ++revision
      for (const name of names) {
        const column = series.columns.column(name)
        // The close belongs to the bar; an indicator's copy stands in only while the bar itself has not come.
        if (name === 'close' && table === 'bollinger' && column[row] !== null) continue
        column[row] = numberOrNull(update.columns[name]?.[at])
      }
    }
  }

  function foldFlights(update: TableUpdate): void {
    const airlines = update.columns['airline'] ?? []
    const days = update.columns['day'] ?? []
    const counts = update.columns['flights'] ?? []
    const known = new Set(flights.columns.columnNames())
    for (const [at, airline] of airlines.entries()) {
      const day = days[at]
      const isKept = typeof airline === 'string' && (known.has(airline) || known.size < airlinesMax)
      const row = isKept && typeof day === 'string' ? flights.columns.rowFor(day) : -1
      if (typeof airline !== 'string' || row < 0) {
        leftOut += 1
        continue
      }
      known.add(airline)
      flights.columns.column(airline)[row] = numberOrNull(counts[at])
      flights.revision = ++revision
    }
  }

  return {
    apply(update) {
      if (update.full) reset()
      const { prices, bollinger, aroon, 'flights-per-day': flightsPerDay } = update.tables
      if (prices !== undefined) foldBars('prices', prices)
      if (bollinger !== undefined) foldBars('bollinger', bollinger)
      if (aroon !== undefined) foldBars('aroon', aroon)
      if (flightsPerDay !== undefined) foldFlights(flightsPerDay)
      for (const [table, rows] of [
        ['prices', prices],
        ['bollinger', bollinger],
        ['aroon', aroon],
        ['flights-per-day', flightsPerDay],
      ] as const) {
        const sentAt = rows?.newestSentAt ?? null
        if (sentAt !== null) newestSentAtByTable.set(table, sentAt)
      }
    },
    symbols: () => [...seriesBySymbol.keys()],
    series: (symbol) => seriesBySymbol.get(symbol),
    get flights() {
      return flights
    },
    newestSentAt: (table) => newestSentAtByTable.get(table) ?? null,
    get leftOut() {
      return leftOut
    },
  }
}

function numberOrNull(value: string | number | null | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}
