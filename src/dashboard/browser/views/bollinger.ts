import uPlot from 'uplot'
import { element, setAttribute } from '../dom.ts'
import { formatAmount, formatFixed } from '../format.ts'
import { drawCandles, drawVolume } from '../layers/candles.ts'
import { addCrosshair, type CrosshairOptions } from '../layers/crosshair.ts'
import { drawLevels, drawTag } from '../layers/levels.ts'
import type { Palette } from '../palette.ts'
import { boundsOf, countValues, type Slice } from '../slice.ts'
import { datesAxis, fitPlot, isDense, levelsAxis, noValues, shownScale, type Pane } from './pane.ts'

const pricePx = { wide: 392, narrow: 250 }
/** The foot of the pane that belongs to the volume, and the air above it. */
const volumeShare = 0.11
const gapShare = 0.02
const padShare = 0.04

/** Candles with the Bollinger band, and the volume at the foot of the pane. */
export function createBollinger(palette: () => Palette, crosshairOptions: CrosshairOptions): Pane {
  const host = element('div', { class: 'pane', role: 'img', 'data-chart': 'bollinger', 'data-points': '0' })
  let slice: Slice | undefined
  let newestClose: number | null = null
  let bounds: readonly [number, number] = [0, 1]
  let volumeMost = 0

  const plot = new uPlot(
    {
      ...fitPlot(host, pricePx),
      padding: [8, 0, 0, 0],
      cursor: { show: false },
      legend: { show: false },
      scales: { x: { time: false }, y: { range: () => withFoot(bounds) } },
      axes: [datesAxis(() => slice, palette, { isLabelled: false }), priceAxis()],
      series: [
        {},
        { scale: 'y', stroke: () => palette().band, width: 1, points: { show: false } },
        { scale: 'y', stroke: () => palette().band, width: 1, points: { show: false } },
        { scale: 'y', stroke: () => palette().band, width: 1, dash: [4, 3], points: { show: false } },
      ],
      bands: [{ series: [1, 2], fill: () => palette().bandFill }],
      hooks: { draw: [drawBars] },
    },
    [[], [], [], []],
    host,
  )
  const crosshair = addCrosshair(plot, crosshairOptions)

  function priceAxis(): uPlot.Axis {
    return levelsAxis(palette, {
      splits: (_, __, ___, max, step) => multiples(bounds[0] - padOf(bounds), max, step),
      values: (self, splits, _, __, step) =>
        splits.map((split) => (isEmpty() || isUnderTag(self, split) ? '' : priceText(split, step))),
    })
  }

  function isEmpty(): boolean {
    return slice === undefined || slice.rows.length === 0
  }

  /** The last price stands there already. */
  function isUnderTag(self: uPlot, split: number): boolean {
    return newestClose !== null && Math.abs(self.valToPos(split, 'y') - self.valToPos(newestClose, 'y')) < 14
  }

  function drawBars(self: uPlot): void {
    if (slice === undefined || slice.rows.length === 0) return
    const colors = palette()
    const volumePx = self.bbox.height * volumeShare
    drawVolume(self, slice, volumeMost, volumePx, colors)
    if (volumeMost > 0) drawVolumeLabel(self, volumeMost, volumePx, colors)
    drawCandles(self, slice, colors, uPlot.pxRatio)
    const { min = 0, max = 0 } = self.scales['y'] ?? {}
    if (newestClose === null || newestClose < min || newestClose > max) return
    drawLevels(self, [{ value: newestClose, color: colors.ink3, dash: [1, 3] }], uPlot.pxRatio)
    drawTag(self, newestClose, formatFixed(newestClose), colors.ink1, colors.onInk, colors.font)
  }

  return {
    element: host,
    plot,
    crosshair,
    draw(next, newest) {
      slice = next
      newestClose = newest
      bounds = boundsOf(next.low, next.high, next.close, next.upper, next.lower) ?? [0, 1]
      volumeMost = boundsOf(next.volume)?.[1] ?? 0
      plot.batch(() => {
        // The dates on the axis may be others though its limits are the same.
        plot.redraw(false, true)
        const middle = isDense(plot, next) ? noValues(next) : next.middle
        plot.setData([[...next.rows], next.upper, next.lower, middle], false)
        plot.setScale('x', shownScale(next))
      })
      setAttribute(host, 'data-points', String(countValues(next.close)))
      setAttribute(host, 'data-newest', next.dates.at(-1) ?? '')
      setAttribute(host, 'data-drawn-at', String(Date.now()))
    },
    resize: () => plot.setSize(fitPlot(host, pricePx)),
  }
}

function padOf([low, high]: readonly [number, number]): number {
  // A single price has no height of its own: a hundredth of it serves.
  return (high - low || Math.abs(high) / 100 || 1) * padShare
}

function withFoot(bounds: readonly [number, number]): [number, number] {
  const pad = padOf(bounds)
  const low = bounds[0] - pad
  const high = bounds[1] + pad
  const foot = volumeShare + gapShare
  return [low - ((high - low) * foot) / (1 - foot), high]
}

function multiples(from: number, to: number, step: number): number[] {
  const first = Math.ceil(from / step)
  const count = Math.max(0, Math.floor(to / step) - first + 1)
  return Array.from({ length: count }, (_, at) => (first + at) * step)
}

function priceText(price: number, step: number): string {
  const digits = [0, 1, 2, 3, 4].find((count) => Math.abs((step * 10 ** count) % 1) < 1e-6) ?? 5
  return formatFixed(price, digits)
}

function drawVolumeLabel(plot: uPlot, most: number, heightPx: number, colors: Palette): void {
  const { ctx: context, bbox } = plot
  const top = bbox.top + bbox.height - heightPx
  context.save()
  context.font = `${11 * uPlot.pxRatio}px ${colors.font}`
  context.fillStyle = colors.ink2
  context.textBaseline = 'top'
  context.fillText(formatAmount(most), bbox.left + bbox.width + 8 * uPlot.pxRatio, top)
  context.lineWidth = 4 * uPlot.pxRatio
  context.strokeStyle = colors.ground
  context.lineJoin = 'round'
  context.strokeText('Volume, shares', bbox.left + 2 * uPlot.pxRatio, top)
  context.fillText('Volume, shares', bbox.left + 2 * uPlot.pxRatio, top)
  context.restore()
}
