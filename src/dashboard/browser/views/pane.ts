import type uPlot from 'uplot'
import type { Crosshair } from '../layers/crosshair.ts'
import type { Palette } from '../palette.ts'
import type { Slice } from '../slice.ts'
import { dateTicks } from '../ticks.ts'

/** One of the panes that stand on the same axis of trading days. */
export interface Pane {
  readonly element: HTMLElement
  readonly plot: uPlot
  readonly crosshair: Crosshair
  /** @param newestClose of the newest bar there is, shown or not */
  draw(slice: Slice, newestClose: number | null): void
  resize(): void
}

const narrowPxMax = 720
const gutterPx = { wide: 58, narrow: 48 }
const tickPxMin = 56
export const axisPx = 24
/** uPlot's number for it: its enum of sides exists in the type declarations only. */
const onTheRight = { side: 1 }

export function isNarrow(): boolean {
  return innerWidth <= narrowPxMax
}

export function fitPlot(
  host: HTMLElement,
  heightPx: { readonly wide: number; readonly narrow: number },
): { width: number; height: number } {
  return { width: Math.max(120, host.clientWidth), height: isNarrow() ? heightPx.narrow : heightPx.wide }
}

/** The room on the axis: half a bar on the left, and air at the right so that the newest bar does not touch the edge. */
export function shownScale({ first, bars }: Slice): { min: number; max: number } {
  const ahead = Math.max(0.5, bars * 0.015)
  return { min: first - 0.5, max: first + bars - 0.5 + ahead }
}

/** Months and years under the bars; with `isLabelled` false only their lines. */
export function datesAxis(
  slice: () => Slice | undefined,
  palette: () => Palette,
  { isLabelled }: { readonly isLabelled: boolean },
): uPlot.Axis {
  let ticks: ReadonlyMap<number, string> = new Map()
  return {
    scale: 'x',
    size: isLabelled ? axisPx : 0,
    gap: 4,
    font: `11px ${palette().font}`,
    stroke: () => palette().ink2,
    grid: { stroke: () => palette().line, width: 1 },
    ticks: { show: false },
    splits: (self) => {
      const shown = slice()
      if (shown === undefined) return []
      const room = (self.over.clientWidth || self.width) / tickPxMin
      const ticksMax = Math.max(1, Math.floor((room * shown.rows.length) / shown.bars))
      const found = dateTicks(shown.dates, 0, shown.dates.length - 1, ticksMax)
      ticks = new Map(found.map(({ row, label }) => [shown.first + row, label]))
      return [...ticks.keys()]
    },
    values: (_, splits) => splits.map((split) => (isLabelled ? (ticks.get(split) ?? '') : '')),
  }
}

/** The scale in the right gutter. */
export function levelsAxis(
  palette: () => Palette,
  options: Pick<uPlot.Axis, 'splits' | 'values' | 'space'>,
): uPlot.Axis {
  return {
    scale: 'y',
    ...onTheRight,
    size: () => (isNarrow() ? gutterPx.narrow : gutterPx.wide),
    gap: 8,
    space: 44,
    font: `11px ${palette().font}`,
    stroke: () => palette().ink2,
    grid: { stroke: () => palette().line, width: 1 },
    ticks: { show: false },
    ...options,
  }
}

/** Below a pixel and a half a day, several lines are a smear: each pane keeps the one that matters. */
export function isDense(plot: uPlot, { bars }: Slice): boolean {
  return plot.over.clientWidth / bars < 1.5
}

/** A column that draws nothing. */
export function noValues({ rows }: Slice): null[] {
  return rows.map(() => null)
}
