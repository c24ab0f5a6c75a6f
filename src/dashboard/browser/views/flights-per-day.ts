import { airlineLabel } from '../airline-names.ts'
import { element, segments, setAttribute, setText } from '../dom.ts'
import { chooseBusiest, parseChosen, toggleAirline } from '../flights-choice.ts'
import { pictureFlights, sumByAirline, type FlightsPicture } from '../flights-picture.ts'
import { formatCount, formatDate, formatWeekday, none } from '../format.ts'
import type { Palette } from '../palette.ts'
import { recall, remember } from '../remember.ts'
import type { Series } from '../store.ts'
import { describeFlights, type DayCount } from '../summaries.ts'
import { createAirlines } from './airlines.ts'
import { createBadges, type PlaybackNow } from './badges.ts'
import { createFlightsChart } from './flights-chart.ts'
import { createFlightsTable } from './flights-table.ts'

export interface FlightsInput {
  readonly series: Series
  /** Whether the newest day may still grow. */
  readonly isRunning: boolean
  readonly placeholder: string
}

export interface FlightsView {
  readonly element: HTMLElement
  draw(input: FlightsInput): void
  /** Does not wait for a beat: whether what stands there may be trusted. */
  drawStates(playback: PlaybackNow, staleReason: string | null): void
  drawAge(sentAt: number | null, now: number): void
  redraw(): void
  toggleTable(): void
}

const choiceName = 'airlines'

/** Flights counted by airline and day, with the airlines beside them to choose from. */
export function createFlightsPerDay(palette: () => Palette): FlightsView {
  let chosenByReader = parseChosen(recall(choiceName))
  let chosen: readonly string[] = chosenByReader ?? []
  let input: FlightsInput | undefined
  let picture: FlightsPicture | undefined
  let drawn: { series: Series; revision: number; chosen: readonly string[]; isRunning: boolean } | undefined
  let markedRow: number | null = null
  let isTable = false

  const badges = createBadges()
  const summary = element('p', { class: 'sum' })
  const readOut = element('div', { class: 'read keys' })
  const placeholderText = element('span')
  const placeholder = element('p', { class: 'placeholder' }, placeholderText)
  const chart = createFlightsChart(palette, { onRow: mark })
  const table = createFlightsTable()
  const airlines = createAirlines(toggle)
  const form = segments('Show flights as', ['Chart', 'Table'], (choice) => setTable(choice === 'Table'))
  const plots = element(
    'div',
    {
      class: 'plots',
      tabindex: '0',
      role: 'application',
      'aria-label': 'Flights per day. Left and right arrow keys move by a day.',
    },
    chart.element,
    placeholder,
  )
  const root = element(
    'section',
    { class: 'flights', 'aria-labelledby': 'flights-title', 'data-panel': 'flights-per-day' },
    element(
      'header',
      { class: 'view-head' },
      element('h2', { id: 'flights-title' }, 'Flights'),
      badges.element,
      element('span', { class: 'push' }, form.element),
    ),
    element(
      'div',
      { class: 'with-side wide' },
      element(
        'figure',
        { class: 'chart', 'aria-labelledby': 'flights-chart-title' },
        element('figcaption', {}, element('h3', { id: 'flights-chart-title' }, 'Flights per day'), summary),
        readOut,
        plots,
        table.element,
      ),
      airlines.element,
    ),
  )

  plots.addEventListener('keydown', (key) => {
    const newest = (picture?.days.length ?? 0) - 1
    const from = markedRow ?? newest
    const rows: Record<string, number | null | undefined> = {
      ArrowLeft: Math.max(0, from - 1),
      ArrowRight: Math.min(newest, from + 1),
      Home: 0,
      End: newest,
      Escape: null,
    }
    const row = rows[key.key]
    if (row === undefined || key.ctrlKey || key.metaKey || key.altKey) return
    key.preventDefault()
    mark(row)
  })
  new ResizeObserver(() => {
    chart.resize()
    redraw()
  }).observe(plots)
  setTable(false)

  function toggle(airline: string): void {
    chosenByReader = toggleAirline(chosen, airline)
    remember(choiceName, JSON.stringify(chosenByReader))
    if (input !== undefined) draw(input)
  }

  function setTable(next: boolean): void {
    isTable = next
    form.press(isTable ? 'Table' : 'Chart')
    plots.hidden = isTable
    table.element.hidden = !isTable
    redraw()
  }

  function mark(row: number | null): void {
    markedRow = row !== null && row >= 0 && row < (picture?.days.length ?? 0) ? row : null
    drawMark()
  }

  function drawMark(): void {
    chart.mark(markedRow)
    if (picture === undefined) return
    const row = markedRow ?? picture.days.length - 1
    const day = picture.days[row]
    const date = day === undefined ? '' : `${formatWeekday(day)}, ${formatDate(day)}`
    const parts = [element('span', {}, element('b', { class: 'date' }, date))]
    for (const [place, airline] of picture.airlines.entries()) {
      const flights = picture.counts[place]?.[row] ?? null
      const count = element('b', {}, flights === null ? none : formatCount(flights))
      const key = element('i', { class: 'key', 'data-place': String(place + 1) })
      parts.push(element('span', {}, key, `${airlineLabel(airline)} `, count))
    }
    readOut.replaceChildren(...parts)
  }

  function redraw(): void {
    if (picture === undefined) return
    chart.draw(picture)
    if (isTable) table.draw(picture)
    drawMark()
  }

  function drawStates(playback: PlaybackNow, staleReason: string | null): void {
    setAttribute(root, 'data-stale', String(staleReason !== null))
    setAttribute(chart.element, 'data-stale', String(staleReason !== null))
    badges.drawStates(playback, staleReason, input?.series.columns.keys.at(-1))
  }

  function draw(next: FlightsInput): void {
    input = next
    const { series, isRunning } = next
    setText(placeholderText, next.placeholder)
    placeholder.hidden = series.columns.keys.length > 0

    if (chosenByReader === undefined) chosen = keepIfSame(chosen, chooseBusiest(sumByAirline(series.columns), chosen))
    else chosen = chosenByReader
    const isDrawn = drawn?.series === series && drawn.revision === series.revision
    if (isDrawn && drawn?.chosen === chosen && drawn.isRunning === isRunning) return
    drawn = { series, revision: series.revision, chosen, isRunning }
    picture = pictureFlights(series.columns, chosen, isRunning)
    redraw()
    airlines.draw(series.columns, chosen, isRunning)
    drawSummary(picture)
  }

  function drawSummary({ days, airlines: shown, counts, isRunning }: FlightsPicture): void {
    const newest = days.length - 1
    const dayCounts: DayCount[] = shown.flatMap((airline, place) => {
      const flights = counts[place]?.[newest] ?? null
      return flights === null ? [] : [{ airline, flights }]
    })
    const text = describeFlights(days.at(-1), dayCounts, isRunning)
    setText(summary, text)
    setAttribute(chart.element, 'aria-label', `Flights per day. ${text}`)
  }

  setAttribute(chart.element, 'aria-label', 'No flight counted yet.')
  return { element: root, draw, drawStates, drawAge: badges.drawAge, redraw, toggleTable: () => setTable(!isTable) }
}

function keepIfSame(before: readonly string[], next: readonly string[]): readonly string[] {
  return before.length === next.length && next.every((airline, at) => before[at] === airline) ? before : next
}
