import type uPlot from 'uplot'
import type { Palette } from '../palette.ts'
import type { Slice } from '../slice.ts'
import { clipToPlot } from './clip.ts'

/** Below so many pixels a bar, candles are a smear: the close is drawn as a line. */
const candleStepPxMin = 3
const bodyPxMax = 11
const bodyShare = 0.68

/** Up hollow, down solid: the direction is read without colour. */
export function drawCandles(plot: uPlot, slice: Slice, palette: Palette, pixelRatio: number): void {
  clipToPlot(plot, (context) => {
    const stepPx = plot.bbox.width / spanOf(plot)
    if (stepPx < candleStepPxMin * pixelRatio) drawCloses(plot, context, slice, palette, pixelRatio)
    else drawBodies(plot, context, slice, palette, stepPx, pixelRatio)
  })
}

function drawBodies(
  plot: uPlot,
  context: CanvasRenderingContext2D,
  slice: Slice,
  palette: Palette,
  stepPx: number,
  pixelRatio: number,
): void {
  const linePx = Math.max(1, Math.round(pixelRatio))
  const bodyPx = Math.max(2, Math.min(bodyPxMax * pixelRatio, Math.floor(stepPx * bodyShare)))
  const rising = new Path2D()
  const falling = new Path2D()
  for (const [at, row] of slice.rows.entries()) {
    const open = slice.open[at] ?? null
    const high = slice.high[at] ?? null
    const low = slice.low[at] ?? null
    const close = slice.close[at] ?? null
    if (open === null || high === null || low === null || close === null) continue
    const path = close >= open ? rising : falling
    const left = Math.round(plot.valToPos(row, 'x', true) - bodyPx / 2) + linePx / 2
    const middle = left + Math.round(bodyPx / 2)
    const top = Math.round(plot.valToPos(Math.max(open, close), 'y', true))
    const bottom = Math.max(top + 1, Math.round(plot.valToPos(Math.min(open, close), 'y', true)))
    path.moveTo(middle, plot.valToPos(high, 'y', true))
    path.lineTo(middle, top)
    path.moveTo(middle, bottom)
    path.lineTo(middle, plot.valToPos(low, 'y', true))
    path.rect(left, top, bodyPx, bottom - top)
  }
  context.lineWidth = linePx
  context.fillStyle = palette.ground
  fillPath(context, rising)
  context.strokeStyle = palette.up
  context.stroke(rising)
  context.fillStyle = palette.down
  fillPath(context, falling)
  context.strokeStyle = palette.down
  context.stroke(falling)
}

function drawCloses(
  plot: uPlot,
  context: CanvasRenderingContext2D,
  slice: Slice,
  palette: Palette,
  pixelRatio: number,
): void {
  context.beginPath()
  let isDown = false
  for (const [at, close] of slice.close.entries()) {
    if (close === null) {
      isDown = false
      continue
    }
    const x = plot.valToPos(slice.first + at, 'x', true)
    const y = plot.valToPos(close, 'y', true)
    if (isDown) context.lineTo(x, y)
    else context.moveTo(x, y)
    isDown = true
  }
  context.lineWidth = 1.25 * pixelRatio
  context.strokeStyle = palette.ink1
  context.stroke()
}

/** Volume stands at the foot of the pane, in the direction's colour at a third of its strength. */
export function drawVolume(plot: uPlot, slice: Slice, most: number, heightPx: number, palette: Palette): void {
  if (most <= 0) return
  clipToPlot(plot, (context) => {
    const barPx = Math.max(1, Math.floor((plot.bbox.width / spanOf(plot)) * bodyShare))
    const foot = plot.bbox.top + plot.bbox.height
    const rising = new Path2D()
    const falling = new Path2D()
    // Where several bars share a pixel the tallest stands for them: the cost is bounded by what can be seen.
    let tallest: { left: number; volume: number; path: Path2D } | undefined
    const put = (): void => {
      if (tallest === undefined) return
      const height = (tallest.volume / most) * heightPx
      tallest.path.rect(tallest.left, foot - height, barPx, height)
    }
    for (const [at, row] of slice.rows.entries()) {
      const volume = slice.volume[at] ?? null
      if (volume === null) continue
      const left = Math.round(plot.valToPos(row, 'x', true) - barPx / 2)
      if (left === tallest?.left && volume <= tallest.volume) continue
      if (left !== tallest?.left) put()
      tallest = { left, volume, path: (slice.close[at] ?? 0) >= (slice.open[at] ?? 0) ? rising : falling }
    }
    put()
    context.globalAlpha = 0.36
    context.fillStyle = palette.up
    fillPath(context, rising)
    context.fillStyle = palette.down
    fillPath(context, falling)
  })
}

function spanOf(plot: uPlot): number {
  const { min = 0, max = 1 } = plot.scales['x'] ?? {}
  return Math.max(1, max - min)
}

function fillPath(context: CanvasRenderingContext2D, path: Path2D): void {
  context.fill(path)
}
