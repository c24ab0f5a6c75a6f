/** Bars of many symbols: a random walk from a seed, the same one every time. */
export interface BarHistory {
  readonly symbols: readonly string[]
  readonly barsPerSymbol: number
  /** By `symbol * barsPerSymbol + bar`. */
  readonly opens: Float64Array
  readonly highs: Float64Array
  readonly lows: Float64Array
  readonly closes: Float64Array
  readonly volumes: Float64Array
}

export const symbolCount = 400
const priceDigits = 4

export function createBarHistory(bars: number, seed = 20_150_101): BarHistory {
  const barsPerSymbol = Math.ceil(bars / symbolCount)
  const size = symbolCount * barsPerSymbol
  const make = (): Float64Array => new Float64Array(size)
  const history = { opens: make(), highs: make(), lows: make(), closes: make(), volumes: make() }
  const random = createRandom(seed)
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    let close = round(5 + 400 * random())
    for (let bar = 0; bar < barsPerSymbol; bar++) {
      const at = symbol * barsPerSymbol + bar
      const open = round(close * (1 + 0.01 * (random() - 0.5)))
      // Drawn back to where prices are, so that a long walk neither vanishes nor explodes.
      const drift = close < 2 ? 0.01 : close > 2_000 ? -0.01 : 0
      close = round(open * (1 + drift + 0.04 * (random() - 0.5)))
      history.opens[at] = open
      history.closes[at] = close
      history.highs[at] = round(Math.max(open, close) * (1 + 0.01 * random()))
      history.lows[at] = round(Math.min(open, close) * (1 - 0.01 * random()))
      history.volumes[at] = Math.floor(1e7 * random())
    }
  }
  const symbols = Array.from({ length: symbolCount }, (_, index) => symbolName(index))
  return { symbols, barsPerSymbol, ...history }
}

/** `AAA`, `AAB`, … */
function symbolName(index: number): string {
  return [676, 26, 1].map((place) => String.fromCharCode(65 + (Math.floor(index / place) % 26))).join('')
}

const dayMs = 86_400_000
const firstDay = Date.UTC(1980, 0, 1)

/** The date of a symbol's bar: one every day. */
export function dateOfBar(bar: number): string {
  return new Date(firstDay + bar * dayMs).toISOString().slice(0, 10)
}

/** The bar of a date, or -1. */
export function barOfDate(date: string): number {
  const bar = (Date.parse(date) - firstDay) / dayMs
  return Number.isInteger(bar) ? bar : -1
}

function round(price: number): number {
  return Number(price.toFixed(priceDigits))
}

/** Mulberry32. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
