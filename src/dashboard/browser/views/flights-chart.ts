import uPlot from 'uplot'
import type { Column } from '../aligned-columns.ts'
import { airlineLabel } from '../airline-names.ts'
import { element, setAttribute } from '../dom.ts'
import type { FlightsPicture } from '../flights-picture.ts'
import { formatCount, formatDayAndMonth } from '../format.ts'
import { addCrosshair, type Crosshair, type CrosshairOptions } from '../layers/crosshair.ts'
import { drawDirectLabels, drawOpenEnds, type DirectLabel } from '../layers/direct-labels.ts'
import { drawGroupedBars, groupWidth } from '../layers/grouped-bars.ts'
import type { Palette } from '../palette.ts'
import { boundsOf, countValues } from '../slice.ts'
import { dateTicks } from '../ticks.ts'
import { fitPlot, isNarrow } from './pane.ts'

const chartPx = { wide: 380, narrow: 260 }
const tickPxMin = 56

export interface FlightsChart {
  readonly element: HTMLElement
  draw(picture: FlightsPicture): void
  /** Marks a day; null takes the mark away. */
  mark(row: number | null): void
  resize(): void
}

/** Flights per day for the chosen airlines: groups of bars for a few days, lines for many. */
export function createFlightsChart(palette: () => Palette, options: CrosshairOptions): FlightsChart {
  const host = element('div', { class: 'pane', role: 'img', 'data-chart': 'flights-per-day', 'data-points': '0' })
  let picture: FlightsPicture | undefined
  let made: { plot: uPlot; crosshair: Crosshair; form: FlightsPicture['form']; airlines: number } | undefined

  /** The series of a plot are fixed when it is made: another form or number of airlines is another plot. */
  function plotFor({ form, airlines }: FlightsPicture): { plot: uPlot; crosshair: Crosshair } {
    if (made?.form === form && made.airlines === airlines.length) return made
    made?.plot.destroy()
    const plot = new uPlot(plotOptions(form, airlines.length), [[], ...airlines.map(() => [])], host)
    made = { plot, crosshair: addCrosshair(plot, options), form, airlines: airlines.length }
    return made
  }

  function plotOptions(form: FlightsPicture['form'], airlines: number): uPlot.Options {
    const isBars = form === 'bars'
    const line = (place: number): uPlot.Series => ({
      scale: 'y',
      stroke: () => palette().categories[place] ?? palette().ink1,
      width: 1.8,
      points: { show: false },
      ...(isBars ? { paths: () => null } : {}),
    })
    return {
      ...fitPlot(host, chartPx),
      padding: [20, isBars ? 4 : isNarrow() ? 84 : 148, 0, 0],
      cursor: { show: false },
      legend: { show: false },
      scales: { x: { time: false }, y: { range: () => [0, highest()] } },
      axes: [daysAxis(isBars), countsAxis()],
      series: [{}, ...Array.from({ length: airlines }, (_, place) => line(place))],
      hooks: { draw: [isBars ? drawBars : drawLabels] },
    }
  }

  function highest(): number {
    return Math.max(5, (boundsOf(...(picture?.counts ?? []))?.[1] ?? 0) * 1.04)
  }

  function drawBars(plot: uPlot): void {
    if (picture !== undefined) drawGroupedBars(plot, picture, palette(), uPlot.pxRatio)
  }

  function drawLabels(plot: uPlot): void {
    if (picture === undefined) return
    const colors = palette()
    const newest = picture.days.length - 1
    const labels: DirectLabel[] = []
    for (const [place, airline] of picture.airlines.entries()) {
      const flights = picture.counts[place]?.[newest] ?? null
      const value = lineOf(picture, place).findLast((count) => count !== null)
      if (value === undefined || value === null) continue
      const name = isNarrow() ? airline : airlineLabel(airline)
      const detail = `${formatCount(flights ?? value)}${picture.isRunning ? ' so far' : ''}`
      const openValue = picture.isRunning ? flights : null
      labels.push({ value, openValue, name, detail, color: colors.categories[place] ?? colors.ink1 })
    }
    if (picture.isRunning) drawOpenEnds(plot, newest, labels, colors, uPlot.pxRatio)
    drawDirectLabels(plot, labels, colors, uPlot.pxRatio)
  }

  function daysAxis(isBars: boolean): uPlot.Axis {
    return {
      scale: 'x',
      size: isBars ? 42 : 24,
      // Under bars, the airlines' codes stand between the bars and the day.
      gap: isBars ? 22 : 6,
      font: `11px ${palette().font}`,
      stroke: () => palette().ink2,
      grid: { show: false },
      ticks: { show: false },
      splits: (plot) => tickRows(plot.width),
      values: (_, splits) => splits.map(dayLabel),
    }
  }

  function tickRows(widthPx: number): number[] {
    const days = picture?.days ?? []
    if (picture?.form !== 'lines') return [...days.keys()]
    return dateTicks(days, 0, days.length - 1, Math.max(2, Math.floor(widthPx / tickPxMin))).map(({ row }) => row)
  }

  function dayLabel(row: number): string {
    const { days = [], isRunning = false, form = 'bars' } = picture ?? {}
    const day = days[row]
    if (day === undefined) return ''
    const text = formatDayAndMonth(day)
    return form === 'bars' && isRunning && row === days.length - 1 ? `${text}, so far` : text
  }

  function countsAxis(): uPlot.Axis {
    return {
      scale: 'y',
      size: 46,
      gap: 8,
      space: 48,
      font: `11px ${palette().font}`,
      stroke: () => palette().ink2,
      grid: { stroke: () => palette().line, width: 1 },
      ticks: { show: false },
      incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000],
      values: (_, splits) => splits.map(formatCount),
    }
  }

  return {
    element: host,
    draw(next) {
      picture = next
      const { plot } = plotFor(next)
      plot.batch(() => {
        // The days on the axis may be others though its limits are the same.
        plot.redraw(false, true)
        plot.setData([[...next.days.keys()], ...next.counts.map((_, place) => lineOf(next, place))], false)
        const edge = next.form === 'bars' ? 0.5 : 0.2
        plot.setScale('x', { min: -edge, max: Math.max(1, next.days.length) - 1 + edge })
      })
      setAttribute(host, 'data-form', next.form)
      setAttribute(host, 'data-points', String(next.counts.reduce((sum, column) => sum + countValues(column), 0)))
      setAttribute(host, 'data-newest', next.days.at(-1) ?? '')
      setAttribute(host, 'data-drawn-at', String(Date.now()))
    },
    mark(row) {
      if (made === undefined) return
      if (row === null || picture === undefined) made.crosshair.place(null)
      else if (picture.form === 'lines') made.crosshair.place({ row, foot: dayLabel(row) })
      else made.crosshair.place({ row, width: groupWidth(picture.airlines.length, dayPx(made.plot)) + 0.04 })
    },
    resize: () => made?.plot.setSize(fitPlot(host, chartPx)),
  }
}

/** A day that still runs is no fall of the line: its count stands beside it as a ring. */
function lineOf({ form, counts, isRunning }: FlightsPicture, place: number): Column {
  const column = counts[place] ?? []
  return form === 'lines' && isRunning ? [...column.slice(0, -1), null] : [...column]
}

function dayPx(plot: uPlot): number {
  return plot.valToPos(1, 'x') - plot.valToPos(0, 'x')
}
