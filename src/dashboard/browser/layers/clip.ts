import type uPlot from 'uplot'

/** Draws inside the plotting area only, and leaves the canvas as it was. */
export function clipToPlot(plot: uPlot, draw: (context: CanvasRenderingContext2D) => void): void {
  const { ctx: context, bbox } = plot
  context.save()
  context.beginPath()
  context.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  context.clip()
  // A dashed series leaves its dashes behind.
  context.setLineDash([])
  draw(context)
  context.restore()
}
