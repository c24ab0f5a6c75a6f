import { barSchema, type BarFields } from '../../src/model/bar.ts'
import { createFrame, type Frame } from '../../src/model/frame.ts'
import { epochOf } from '../../src/model/value.ts'

const names = ['date', 'symbol', 'open', 'high', 'low', 'close']

/** A frame of bars `DATE SYMBOL` whose prices are all 1; a bar `!` is refused. */
export function barsOf(origin: string, ...bars: readonly string[]): Frame<BarFields> {
  const frame = createFrame(barSchema, origin, 1)
  bars.forEach((bar, i) => {
    if (bar === '!') frame.refuse(i, 'bad', '!')
    else frame.addCells(names, [...bar.split(' '), '1', '1', '1', '1'], i)
  })
  return frame
}

export function barTime(frame: Frame<BarFields>, index: number): number | undefined {
  const date = frame.cellAt('date', index)
  return typeof date === 'string' ? epochOf(date) : undefined
}

/** Rows as `DATE SYMBOL`, refusals as `! ORIGIN LINE`. */
export function describeBars(frames: readonly Frame<BarFields>[]): string[] {
  return frames.flatMap((frame) => [
    ...frame.refusals.map(({ position }) => `! ${frame.origin} ${position}`),
    ...Array.from(
      { length: frame.length },
      (_, i) => `${String(frame.cellAt('date', i))} ${String(frame.cellAt('symbol', i))}`,
    ),
  ])
}
