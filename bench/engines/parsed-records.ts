/** What the Node clients do with a record: `JSON.parse`, and then the same work for all of them. */

/** Counts flights by airline and day. */
export class FlightCounter {
  records = 0
  private readonly flights = new Map<string, number>()

  take(value: Buffer): void {
    const flight: Flight = JSON.parse(value.toString())
    const group = `${flight.AIRLINE} ${flight.YEAR}-${flight.MONTH}-${flight.DAY}`
    this.flights.set(group, (this.flights.get(group) ?? 0) + 1)
    this.records++
  }

  counts(): Record<string, number> {
    return Object.fromEntries([...this.flights].map(([group, count]) => [group.replace(/\b\d\b/g, '0$&'), count]))
  }
}

interface Flight {
  readonly YEAR: number
  readonly MONTH: number
  readonly DAY: number
  readonly AIRLINE: string
}

export interface Outgoing {
  readonly topic: string
  readonly key: string
  readonly value: string
}

interface Bar {
  readonly Date: string
  readonly High: number
  readonly Low: number
  readonly Close: number
  readonly Label: string
}

interface Window {
  readonly closes: number[]
  readonly highs: number[]
  readonly lows: number[]
}

/** Bollinger (20, 2) and Aroon (25) of every bar. */
export class Indicators {
  private readonly topics: { readonly bollinger: string; readonly aroon: string }
  private readonly windows = new Map<string, Window>()

  constructor(topics: { readonly bollinger: string; readonly aroon: string }) {
    this.topics = topics
  }

  /** Adds the results of a bar, where its windows are full. */
  take(value: Buffer, results: Outgoing[]): void {
    const { Label: symbol, Date: date, Close: close, High: high, Low: low }: Bar = JSON.parse(value.toString())
    let window = this.windows.get(symbol)
    if (window === undefined) this.windows.set(symbol, (window = { closes: [], highs: [], lows: [] }))
    push(window.closes, close, 20)
    push(window.highs, high, 26)
    push(window.lows, low, 26)
    if (window.closes.length === 20) {
      const bands = { symbol, date, close, ...bandsOf(window.closes) }
      results.push({ topic: this.topics.bollinger, key: symbol, value: JSON.stringify(bands) })
    }
    if (window.highs.length === 26) {
      const aroon = { symbol, date, ...aroonOf(window) }
      results.push({ topic: this.topics.aroon, key: symbol, value: JSON.stringify(aroon) })
    }
  }
}

function push(values: number[], value: number, max: number): void {
  values.push(value)
  if (values.length > max) values.shift()
}

function bandsOf(closes: readonly number[]): { middle: number; upper: number; lower: number } {
  let sum = 0
  for (const close of closes) sum += close
  const middle = sum / closes.length
  let squares = 0
  for (const close of closes) squares += (close - middle) ** 2
  const width = 2 * Math.sqrt(squares / closes.length)
  return { middle, upper: middle + width, lower: middle - width }
}

function aroonOf({ highs, lows }: Window): { up: number; down: number; oscillator: number } {
  let highest = 0
  let lowest = 0
  for (let bar = 1; bar < highs.length; bar++) {
    if ((highs[bar] ?? 0) >= (highs[highest] ?? 0)) highest = bar
    if ((lows[bar] ?? 0) <= (lows[lowest] ?? 0)) lowest = bar
  }
  const period = highs.length - 1
  const up = (100 * highest) / period
  const down = (100 * lowest) / period
  return { up, down, oscillator: up - down }
}
