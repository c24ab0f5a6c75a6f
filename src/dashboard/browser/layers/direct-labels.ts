import type uPlot from 'uplot'
import type { Palette } from '../palette.ts'
import { spreadLabels } from './spread.ts'

export interface DirectLabel {
  /** The level at which the line ends. */
  readonly value: number
  /** The value of a day that still runs, which the line does not reach yet. */
  readonly openValue: number | null
  readonly name: string
  readonly detail: string
  readonly color: string
}

/** Each line carries its name and its newest value at its end, in the right gutter. */
export function drawDirectLabels(
  plot: uPlot,
  labels: readonly DirectLabel[],
  palette: Palette,
  pixelRatio: number,
): void {
  const { ctx: context, bbox } = plot
  const left = bbox.left + bbox.width + 12 * pixelRatio
  const room = context.canvas.width - left
  const gap = 31 * pixelRatio
  const wanted = labels.map(({ value }) => plot.valToPos(value, 'y', true))
  const places = spreadLabels(wanted, gap, bbox.top + 8 * pixelRatio, bbox.top + bbox.height - 14 * pixelRatio)
  context.save()
  context.textAlign = 'left'
  context.textBaseline = 'middle'
  for (const [at, { name, detail, color }] of labels.entries()) {
    const y = places[at] ?? 0
    context.fillStyle = color
    context.font = `600 ${12 * pixelRatio}px ${palette.font}`
    context.fillText(name, left, y, room)
    context.fillStyle = palette.ink2
    context.font = `${11 * pixelRatio}px ${palette.font}`
    context.fillText(detail, left, y + 14 * pixelRatio, room)
  }
  context.restore()
}

/** An open ring on the newest point of a line: the day still runs. */
export function drawOpenEnds(
  plot: uPlot,
  row: number,
  labels: readonly DirectLabel[],
  palette: Palette,
  pixelRatio: number,
): void {
  const { ctx: context } = plot
  context.save()
  context.setLineDash([])
  context.lineWidth = 1.5 * pixelRatio
  context.fillStyle = palette.ground
  for (const { openValue, color } of labels) {
    if (openValue === null) continue
    context.beginPath()
    context.arc(plot.valToPos(row, 'x', true), plot.valToPos(openValue, 'y', true), 3 * pixelRatio, 0, 2 * Math.PI)
    context.fill()
    context.strokeStyle = color
    context.stroke()
  }
  context.restore()
}
