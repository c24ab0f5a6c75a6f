import uPlot from 'uplot'
import { element, setAttribute } from '../dom.ts'
import { formatFixed } from '../format.ts'
import { addCrosshair, type CrosshairOptions } from '../layers/crosshair.ts'
import { drawLevels } from '../layers/levels.ts'
import type { Palette } from '../palette.ts'
import { countValues, type Slice } from '../slice.ts'
import { axisPx, datesAxis, fitPlot, isDense, levelsAxis, noValues, shownScale, type Pane } from './pane.ts'

const aroonPx = { wide: 140 + axisPx, narrow: 96 + axisPx }
/** A little room beyond ±100, so that a line at the limit is seen whole. */
const limit = 106

/** Aroon up, down and the oscillator on a fixed scale, under the prices and on their axis. */
export function createAroon(palette: () => Palette, crosshairOptions: CrosshairOptions): Pane {
  const host = element('div', { class: 'pane', role: 'img', 'data-chart': 'aroon', 'data-points': '0' })
  let slice: Slice | undefined

  const plot = new uPlot(
    {
      ...fitPlot(host, aroonPx),
      padding: [4, 0, 0, 0],
      cursor: { show: false },
      legend: { show: false },
      scales: { x: { time: false }, y: { range: () => [-limit, limit] } },
      axes: [
        datesAxis(() => slice, palette, { isLabelled: true }),
        {
          ...levelsAxis(palette, {
            splits: () => [-100, -50, 0, 50, 100],
            values: (_, splits) => splits.map((split) => formatFixed(split, 0)),
            space: 10,
          }),
          grid: { show: false },
        },
      ],
      series: [
        {},
        {
          scale: 'y',
          stroke: () => palette().ink1,
          width: 1.3,
          fill: (self) => fillBySign(self, palette()),
          fillTo: 0,
          points: { show: false },
        },
        { scale: 'y', stroke: () => palette().down, width: 1.3, dash: [4, 2], points: { show: false } },
        { scale: 'y', stroke: () => palette().up, width: 1.3, points: { show: false } },
      ],
      hooks: { drawClear: [drawScale] },
    },
    [[], [], [], []],
    host,
  )
  const crosshair = addCrosshair(plot, crosshairOptions)

  function drawScale(self: uPlot): void {
    const { line, lineStrong } = palette()
    drawLevels(
      self,
      [
        { value: 100, color: line, dash: [] },
        { value: 50, color: lineStrong, dash: [2, 4] },
        { value: 0, color: lineStrong, dash: [] },
        { value: -50, color: lineStrong, dash: [2, 4] },
        { value: -100, color: line, dash: [] },
      ],
      uPlot.pxRatio,
    )
  }

  return {
    element: host,
    plot,
    crosshair,
    draw(next) {
      slice = next
      plot.batch(() => {
        // The dates on the axis may be others though its limits are the same.
        plot.redraw(false, true)
        const [down, up] = isDense(plot, next) ? [noValues(next), noValues(next)] : [next.down, next.up]
        plot.setData([[...next.rows], next.oscillator, down, up], false)
        plot.setScale('x', shownScale(next))
      })
      setAttribute(host, 'data-lines', isDense(plot, next) ? 'oscillator' : 'all')
      setAttribute(host, 'data-points', String(countValues(next.oscillator)))
      setAttribute(host, 'data-newest', newestWith(next))
      setAttribute(host, 'data-drawn-at', String(Date.now()))
    },
    resize: () => plot.setSize(fitPlot(host, aroonPx)),
  }
}

/** Blue above zero and orange below it, with a hard edge. */
function fillBySign(plot: uPlot, { upSoft, downSoft }: Palette): CanvasGradient {
  const { top, height } = plot.bbox
  const gradient = plot.ctx.createLinearGradient(0, top, 0, top + height)
  gradient.addColorStop(0, upSoft)
  gradient.addColorStop(0.5, upSoft)
  gradient.addColorStop(0.5, downSoft)
  gradient.addColorStop(1, downSoft)
  return gradient
}

function newestWith(slice: Slice): string {
  return slice.dates[slice.oscillator.findLastIndex((value) => value !== null)] ?? ''
}
