import type uPlot from 'uplot'

export interface Level {
  readonly value: number
  readonly color: string
  /** On and off in CSS pixels; empty for a whole line. */
  readonly dash: readonly number[]
}

/** Level lines through the plotting area, sharp at any pixel ratio. */
export function drawLevels(plot: uPlot, levels: readonly Level[], pixelRatio: number): void {
  const { ctx: context, bbox } = plot
  const linePx = Math.max(1, Math.round(pixelRatio))
  context.save()
  context.lineWidth = linePx
  for (const { value, color, dash } of levels) {
    const y = Math.round(plot.valToPos(value, 'y', true)) + (linePx % 2) / 2
    context.strokeStyle = color
    context.setLineDash(dash.map((length) => length * pixelRatio))
    context.beginPath()
    context.moveTo(bbox.left, y)
    context.lineTo(bbox.left + bbox.width, y)
    context.stroke()
  }
  context.restore()
}

/** A filled tag in the right gutter at a value, for the last price. */
export function drawTag(plot: uPlot, value: number, text: string, ink: string, paper: string, font: string): void {
  const { ctx: context, bbox } = plot
  const ratio = plot.ctx.canvas.width / plot.width
  const top = plot.valToPos(value, 'y', true) - 9 * ratio
  const left = bbox.left + bbox.width + 2 * ratio
  const width = context.canvas.width - left - 2 * ratio
  context.save()
  context.fillStyle = ink
  context.beginPath()
  context.roundRect(left, top, width, 18 * ratio, 2 * ratio)
  context.fill()
  context.fillStyle = paper
  context.font = `600 ${11 * ratio}px ${font}`
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  context.fillText(text, left + width / 2, top + 9.5 * ratio, width - 4 * ratio)
  context.restore()
}
