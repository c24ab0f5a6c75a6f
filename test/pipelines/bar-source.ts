import { barSchema, type BarFields } from '../../src/model/bar.ts'
import type { Frame } from '../../src/model/frame.ts'
import { createFrame } from '../../src/model/frame.ts'
import type { Source } from '../../src/sources/source.ts'
import { barTime } from '../sources/bars.ts'

const names = ['symbol', 'date', 'open', 'high', 'low', 'close']

/** Bars of the symbols given, a minute apart, each with its number as its prices; `!` is a row that does not fit. */
export function barFrames(symbols: readonly string[], rowsPerFrame: number): Frame<BarFields>[] {
  const frames: Frame<BarFields>[] = []
  for (let from = 0; from < symbols.length; from += rowsPerFrame) {
    const frame = createFrame(barSchema, 'bars.csv', rowsPerFrame)
    symbols.slice(from, from + rowsPerFrame).forEach((symbol, index) => {
      const row = from + index
      const price = symbol === '!' ? 'x' : String(row)
      const date = `${new Date(60_000 * row).toISOString().slice(0, 19)}Z`
      frame.addCells(names, [symbol, date, price, price, price, price], row + 2)
    })
    frames.push(frame)
  }
  return frames
}

export function barSource(frames: readonly Frame<BarFields>[], fingerprint = 'bars'): Source<BarFields> {
  return {
    name: 'bars',
    schema: barSchema,
    fingerprint,
    bytes: undefined,
    bytesRead: 0,
    timeOf: barTime,
    async *observe(signal) {
      for (const frame of frames) {
        if (signal.aborted) return
        yield frame
      }
    },
  }
}
