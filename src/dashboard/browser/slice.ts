import type { AlignedColumns, Column } from './aligned-columns.ts'
import type { ShownRows } from './span.ts'

/** The bars and indicators that are shown, copied out of the store: the cost of drawing follows what is seen. */
export interface Slice extends ShownRows {
  /** The row numbers, one for each value of every column: the x axis counts trading days. */
  readonly rows: readonly number[]
  readonly dates: readonly string[]
  readonly open: Column
  readonly high: Column
  readonly low: Column
  readonly close: Column
  readonly volume: Column
  readonly middle: Column
  readonly upper: Column
  readonly lower: Column
  readonly up: Column
  readonly down: Column
  readonly oscillator: Column
}

export function sliceColumns(columns: AlignedColumns, shown: ShownRows): Slice {
  const { first, last } = shown
  const cut = (name: string): Column => columns.column(name).slice(first, last + 1)
  return {
    ...shown,
    rows: Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at),
    dates: columns.keys.slice(first, last + 1),
    open: cut('open'),
    high: cut('high'),
    low: cut('low'),
    close: cut('close'),
    volume: cut('volume'),
    middle: cut('middle'),
    upper: cut('upper'),
    lower: cut('lower'),
    up: cut('up'),
    down: cut('down'),
    oscillator: cut('oscillator'),
  }
}

/** The lowest and highest of all values given; undefined when there is none. */
export function boundsOf(...columns: readonly Column[]): readonly [low: number, high: number] | undefined {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const column of columns) {
    for (const value of column) {
      if (value === null) continue
      if (value < low) low = value
      if (value > high) high = value
    }
  }
  return low <= high ? [low, high] : undefined
}

/** How many rows have a value. */
export function countValues(column: Column): number {
  return column.reduce<number>((count, value) => count + (value === null ? 0 : 1), 0)
}
