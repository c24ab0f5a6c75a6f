import type uPlot from 'uplot'
import type { FlightsPicture } from '../flights-picture.ts'
import { formatCount } from '../format.ts'
import type { Palette } from '../palette.ts'

const groupShare = 0.84
const barPxMax = 72
/** Room between bars of one group. */
const gapPx = 2

/** The width of a day's group in days, for a chart of that many airlines and that much room a day (CSS pixels). */
export function groupWidth(airlines: number, dayPx: number): number {
  return Math.min(dayPx * groupShare, airlines * (barPxMax + gapPx)) / dayPx
}

/**
 * A group of bars for each day, each bar with its count above it and its airline's code below. The bar of a day that
 * still runs is pale in a firm outline: it will grow.
 */
export function drawGroupedBars(plot: uPlot, picture: FlightsPicture, palette: Palette, pixelRatio: number): void {
  const { ctx: context, bbox } = plot
  const dayPx = plot.valToPos(1, 'x', true) - plot.valToPos(0, 'x', true)
  const count = Math.max(1, picture.airlines.length)
  const stepPx = (groupWidth(count, dayPx / pixelRatio) * dayPx) / count
  const barPx = Math.max(1, stepPx - gapPx * pixelRatio)
  const foot = bbox.top + bbox.height
  const font = (weight: number, size: number): string => `${weight} ${size * pixelRatio}px ${palette.font}`
  context.save()
  context.setLineDash([])
  context.textAlign = 'center'
  context.lineWidth = 1.5 * pixelRatio
  for (const [place, airline] of picture.airlines.entries()) {
    const color = palette.categories[place] ?? palette.ink1
    for (const day of picture.days.keys()) {
      const left = Math.round(plot.valToPos(day, 'x', true) - (stepPx * count) / 2 + place * stepPx)
      const middle = left + barPx / 2
      drawCode(middle, airline)
      const flights = picture.counts[place]?.[day] ?? null
      if (flights === null) continue
      const top = plot.valToPos(flights, 'y', true)
      drawBar(left, top, color, picture.isRunning && day === picture.days.length - 1)
      drawCount(middle, top, flights)
    }
  }
  context.restore()

  function drawBar(left: number, top: number, color: string, isOpen: boolean): void {
    context.fillStyle = context.strokeStyle = color
    context.globalAlpha = isOpen ? 0.28 : 1
    context.fillRect(left, top, barPx, foot - top)
    context.globalAlpha = 1
    if (!isOpen) return
    const inset = context.lineWidth / 2
    context.strokeRect(left + inset, top + inset, barPx - 2 * inset, Math.max(0, foot - top - inset))
  }

  function drawCount(middle: number, top: number, flights: number): void {
    const text = formatCount(flights)
    const size = [11, 10, 9].find((candidate) => {
      context.font = font(600, candidate)
      return context.measureText(text).width <= stepPx
    })
    if (size === undefined) return
    context.textBaseline = 'bottom'
    context.fillStyle = palette.ink1
    context.fillText(text, middle, top - 3 * pixelRatio)
  }

  function drawCode(middle: number, airline: string): void {
    context.font = font(400, 11)
    if (context.measureText(airline).width > stepPx) return
    context.textBaseline = 'top'
    context.fillStyle = palette.ink2
    context.fillText(airline, middle, foot + 5 * pixelRatio)
  }
}
