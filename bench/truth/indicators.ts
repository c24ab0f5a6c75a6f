import { type BarHistory, barOfDate } from './bar-history.ts'

export const bollingerPeriod = 20
export const bollingerDeviations = 2
export const aroonPeriod = 25

/** The results of one indicator as they have to be, straight from its definition and the bars, with no analysis of ours. */
export interface Indicator {
  readonly name: 'bollinger' | 'aroon'
  /** The columns of a result besides symbol and date. */
  readonly columns: readonly string[]
  /** The first bar of a symbol that has a result. */
  readonly firstBar: number
  valuesAt(symbol: number, bar: number): readonly number[]
}

/** Two passes over the window, oldest bar first; population standard deviation. */
export function createBollinger(history: BarHistory): Indicator {
  return {
    name: 'bollinger',
    columns: ['close', 'middle', 'upper', 'lower'],
    firstBar: bollingerPeriod - 1,
    valuesAt(symbol, bar) {
      const last = symbol * history.barsPerSymbol + bar
      const closes = history.closes.subarray(last - bollingerPeriod + 1, last + 1)
      const middle = closes.reduce((total, close) => total + close, 0) / bollingerPeriod
      const squares = closes.reduce((total, close) => total + (close - middle) ** 2, 0)
      const width = bollingerDeviations * Math.sqrt(squares / bollingerPeriod)
      return [closes.at(-1) ?? Number.NaN, middle, middle + width, middle - width]
    },
  }
}

/** 100 × (period − bars since the extreme) / period over period + 1 bars; of equal extremes the most recent. */
export function createAroon(history: BarHistory): Indicator {
  return {
    name: 'aroon',
    columns: ['up', 'down', 'oscillator'],
    firstBar: aroonPeriod,
    valuesAt(symbol, bar) {
      const last = symbol * history.barsPerSymbol + bar
      const highs = history.highs.subarray(last - aroonPeriod, last + 1)
      const lows = history.lows.subarray(last - aroonPeriod, last + 1)
      const up = (100 * highs.lastIndexOf(Math.max(...highs))) / aroonPeriod
      const down = (100 * lows.lastIndexOf(Math.min(...lows))) / aroonPeriod
      return [up, down, up - down]
    },
  }
}

export function resultCountOf(history: BarHistory, { firstBar }: Indicator): number {
  return history.symbols.length * Math.max(0, history.barsPerSymbol - firstBar)
}

/** Takes the results of one indicator as they come from its topic, and says what is wrong with them. */
export class IndicatorCheck {
  private readonly history: BarHistory
  private readonly indicator: Indicator
  private readonly tolerance: number
  private readonly symbolCodes: ReadonlyMap<string, number>
  private readonly seen: Uint8Array
  private count = 0
  private fault: string | undefined

  /** @param tolerance relative; 0 demands the same bits */
  constructor(history: BarHistory, indicator: Indicator, tolerance: number) {
    this.history = history
    this.indicator = indicator
    this.tolerance = tolerance
    this.symbolCodes = new Map(history.symbols.map((symbol, code) => [symbol, code]))
    this.seen = new Uint8Array(history.symbols.length * history.barsPerSymbol)
  }

  take(result: Readonly<Record<string, unknown>>): void {
    this.count++
    this.fault ??= this.faultOf(result)
  }

  findFault(): string | undefined {
    const expected = resultCountOf(this.history, this.indicator)
    const { name } = this.indicator
    if (this.fault !== undefined) return `${name}: ${this.fault}`
    return this.count === expected ? undefined : `${name}: ${this.count} results instead of ${expected}`
  }

  private faultOf(result: Readonly<Record<string, unknown>>): string | undefined {
    const symbol = this.symbolCodes.get(String(result['symbol']))
    const bar = barOfDate(String(result['date']))
    const { barsPerSymbol } = this.history
    const { firstBar, columns } = this.indicator
    const which = `${String(result['symbol'])} at ${String(result['date'])}`
    if (symbol === undefined || bar < firstBar || bar >= barsPerSymbol) return `${which} has no result`
    const at = symbol * barsPerSymbol + bar
    if (this.seen[at] === 1) return `${which} came twice`
    this.seen[at] = 1
    const values = this.indicator.valuesAt(symbol, bar)
    const wrong = columns.findIndex((column, order) => !isNear(result[column], values[order], this.tolerance))
    const column = columns[wrong]
    return column === undefined
      ? undefined
      : `${which} has the ${column} ${String(result[column])} instead of ${values[wrong]}`
  }
}

function isNear(given: unknown, expected: number | undefined, tolerance: number): boolean {
  if (typeof given !== 'number' || expected === undefined) return false
  return given === expected || Math.abs(given - expected) <= tolerance * Math.abs(expected)
}
