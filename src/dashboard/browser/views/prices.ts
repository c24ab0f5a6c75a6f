import { element, segments, setAttribute, setText } from '../dom.ts'
import { formatChange, formatDate, formatFixed, formatPercentChange } from '../format.ts'
import type { Palette } from '../palette.ts'
import { sliceColumns, type Slice } from '../slice.ts'
import { panSpan, resolveSpan, spanChoices, zoomSpan, type Span } from '../span.ts'
import type { Series } from '../store.ts'
import { describeAroon, describeBollinger } from '../summaries.ts'
import { createAroon } from './aroon.ts'
import { createBadges, createStaleBadge, type PlaybackNow } from './badges.ts'
import { createBollinger } from './bollinger.ts'
import { isNarrow, type Pane } from './pane.ts'
import { createPricesTable } from './prices-table.ts'
import { createReadOut } from './read-out.ts'

export interface PricesInput {
  readonly symbol: string | null
  readonly series: Series | undefined
  /** What stands in the place of bars while there are none. */
  readonly placeholder: string
}

/** Why each chart is stale, or null. */
export interface PricesStale {
  readonly bollinger: string | null
  readonly aroon: string | null
}

export interface PricesView {
  readonly element: HTMLElement
  draw(input: PricesInput): void
  /** Does not wait for a beat: whether what stands there may be trusted. */
  drawStates(playback: PlaybackNow, stale: PricesStale): void
  drawAge(sentAt: number | null, now: number): void
  redraw(): void
  toggleTable(): void
}

/** The prices of one symbol with everything on their axis: candles, band, volume, Aroon, read-out and table. */
export function createPrices(palette: () => Palette, side: HTMLElement): PricesView {
  let span: Span = { bars: spanChoices.get(isNarrow() ? '3M' : '6M') ?? 126, end: null }
  let input: PricesInput | undefined
  let slice: Slice | undefined
  let drawn: { series: Series | undefined; revision: number; span: Span } | undefined
  let crosshairRow: number | null = null
  let isTable = false

  const name = element('h2', { id: 'prices-title' }, 'Prices')
  const last = element('span', { class: 'last' })
  const change = element('span', { class: 'change' })
  const badges = createBadges()
  const goLive = element('button', { type: 'button', class: 'plain', hidden: '' }, 'Go to live')
  const choices = segments('Range', [...spanChoices.keys()], (choice) => {
    show({ bars: spanChoices.get(choice) ?? span.bars, end: null })
  })
  const form = segments('Show prices as', ['Chart', 'Table'], (choice) => setTable(choice === 'Table'))
  const summary = element('p', { class: 'sum' })
  const readOut = createReadOut()
  const aroonBadge = createStaleBadge()
  readOut.aroon.append(aroonBadge.element)
  const table = createPricesTable()
  const placeholderText = element('span')
  const placeholder = element('p', { class: 'placeholder' }, placeholderText)
  const plots = element('div', {
    class: 'plots',
    tabindex: '0',
    role: 'application',
    'aria-label':
      'Prices. Left and right arrow keys move the crosshair, with Shift they move the chart; plus and minus zoom.',
  })
  const options = { onRow: setCrosshair, onDrag: (rows: number) => pan(rows) }
  const bollinger = createBollinger(palette, options)
  const aroon = createAroon(palette, options)
  const panes: readonly Pane[] = [bollinger, aroon]
  plots.append(bollinger.element, readOut.aroon, aroon.element, placeholder)
  const figure = element(
    'figure',
    { class: 'chart', 'aria-labelledby': 'prices-chart-title' },
    element(
      'figcaption',
      {},
      element('h3', { id: 'prices-chart-title' }, 'Daily bars, Bollinger band, Aroon'),
      summary,
    ),
    readOut.bar,
    plots,
    table.element,
  )
  const root = element(
    'section',
    { class: 'prices', 'aria-labelledby': 'prices-title', 'data-panel': 'prices' },
    element(
      'header',
      { class: 'view-head' },
      name,
      last,
      change,
      badges.element,
      element('span', { class: 'push' }, goLive, choices.element, form.element),
    ),
    element('div', { class: 'with-side' }, figure, side),
  )

  goLive.addEventListener('click', () => show({ ...span, end: null }))
  plots.addEventListener('keydown', (key) => {
    if (key.ctrlKey || key.metaKey || key.altKey || slice === undefined) return
    const act = keyActions(slice)[key.shiftKey && key.key.startsWith('Arrow') ? `Shift ${key.key}` : key.key]
    if (act === undefined) return
    key.preventDefault()
    act()
  })
  plots.addEventListener(
    'wheel',
    (wheel) => {
      // The page scrolls up and down; only sideways and pinching belong to the chart.
      const isSideways = Math.abs(wheel.deltaX) > Math.abs(wheel.deltaY)
      if (!isSideways && !wheel.ctrlKey) return
      wheel.preventDefault()
      if (wheel.ctrlKey) zoom(2 ** (wheel.deltaY / 100))
      else pan(Math.sign(wheel.deltaX) * Math.max(1, Math.round(Math.abs(wheel.deltaX) / 10)))
    },
    { passive: false },
  )
  new ResizeObserver(() => {
    for (const pane of panes) pane.resize()
    if (slice !== undefined) drawPanes(slice)
  }).observe(plots)
  setTable(false)

  function keyActions({ first, last: lastRow }: Slice): Record<string, (() => void) | undefined> {
    const from = crosshairRow ?? lastRow
    const to = (row: number): void => setCrosshair(Math.max(first, Math.min(lastRow, row)))
    return {
      ArrowLeft: () => to(from - 1),
      ArrowRight: () => to(from + 1),
      Home: () => to(first),
      End: () => to(lastRow),
      Escape: () => setCrosshair(null),
      'Shift ArrowLeft': () => pan(-Math.ceil((lastRow - first) / 10)),
      'Shift ArrowRight': () => pan(Math.ceil((lastRow - first) / 10)),
      '+': () => zoom(1 / 1.5),
      '=': () => zoom(1 / 1.5),
      '-': () => zoom(1.5),
    }
  }

  function show(next: Span): void {
    span = next
    if (input !== undefined) draw(input)
  }

  function pan(rows: number): void {
    show(panSpan(span, input?.series?.columns.keys ?? [], rows))
  }

  function zoom(factor: number): void {
    show(zoomSpan(span, input?.series?.columns.keys ?? [], factor))
  }

  function setTable(next: boolean): void {
    isTable = next
    form.press(isTable ? 'Table' : 'Chart')
    plots.hidden = readOut.bar.hidden = isTable
    table.element.hidden = !isTable
    if (isTable && slice !== undefined) table.draw(slice)
  }

  function setCrosshair(row: number | null): void {
    const isInside = row !== null && slice !== undefined && row >= slice.first && row <= slice.last
    crosshairRow = isInside ? row : null
    drawCrosshair()
  }

  function drawCrosshair(): void {
    if (slice === undefined) return
    const at = (crosshairRow ?? slice.last) - slice.first
    readOut.draw(slice, crosshairRow === null ? null : at)
    const close = slice.close[at] ?? null
    const date = formatDate(slice.dates[at] ?? '')
    const level = close === null ? {} : { level: { value: close, text: formatFixed(close) } }
    bollinger.crosshair.place(crosshairRow === null ? null : { row: crosshairRow, ...level })
    aroon.crosshair.place(crosshairRow === null ? null : { row: crosshairRow, foot: date })
  }

  function drawPanes(shown: Slice): void {
    const newestClose = input?.series?.columns.column('close').at(-1) ?? null
    for (const pane of panes) pane.draw(shown, newestClose)
    if (crosshairRow !== null && (crosshairRow < shown.first || crosshairRow > shown.last)) crosshairRow = null
    drawCrosshair()
    if (isTable) table.draw(shown)
  }

  function draw(next: PricesInput): void {
    if (next.symbol !== input?.symbol) {
      span = { ...span, end: null }
      crosshairRow = null
    }
    input = next
    setText(placeholderText, next.placeholder)
    const { series } = next
    const isDrawn = drawn !== undefined && drawn.series === series && drawn.span === span
    if (isDrawn && drawn?.revision === series?.revision) return
    drawn = { series, revision: series?.revision ?? -1, span }
    const shown = series === undefined ? undefined : resolveSpan(span, series.columns.keys)
    slice = series === undefined || shown === undefined ? emptySlice : sliceColumns(series.columns, shown)
    drawHead(next, slice)
    drawPanes(slice)
  }

  function drawStates(playback: PlaybackNow, stale: PricesStale): void {
    setAttribute(root, 'data-stale', String(stale.bollinger !== null))
    setAttribute(bollinger.element, 'data-stale', String(stale.bollinger !== null))
    setAttribute(aroon.element, 'data-stale', String(stale.aroon !== null))
    // What stops the whole panel is said at its head.
    aroonBadge.draw(stale.bollinger === null ? stale.aroon : null)
    badges.drawStates(playback, stale.bollinger, input?.series?.columns.keys.at(-1))
  }

  function drawHead({ symbol, series }: PricesInput, shown: Slice): void {
    setText(name, symbol ?? 'Prices')
    const closes = series?.columns.column('close') ?? []
    const close = closes.at(-1) ?? null
    const before = closes.at(-2) ?? null
    setText(last, close === null ? '' : formatFixed(close))
    const moved = close === null || before === null ? null : close - before
    const direction = moved !== null && moved < 0 ? 'down' : 'up'
    setAttribute(change, 'data-dir', direction)
    const share = moved === null || before === null || before === 0 ? '' : ` (${formatPercentChange(moved / before)})`
    setText(change, moved === null ? '' : `${direction === 'up' ? '▴' : '▾'} ${formatChange(moved)}${share}`)
    placeholder.hidden = shown.rows.length > 0
    goLive.hidden = span.end === null
    choices.press([...spanChoices].find(([, bars]) => bars === span.bars)?.[0] ?? null)
    if (series !== undefined) drawSummaries(symbol ?? '', series)
  }

  /** Both sentences speak of the newest values, wherever the chart stands. */
  function drawSummaries(symbol: string, { columns }: Series): void {
    // An indicator may be a few bars behind: its sentence speaks of the newest bar that it has seen.
    const newestOf = (indicator: string): ((column: string) => number | null) => {
      const row = columns.column(indicator).findLastIndex((value) => value !== null)
      return (column) => columns.column(column)[row] ?? null
    }
    const band = newestOf(columns.column('middle').some((value) => value !== null) ? 'middle' : 'close')
    const bandText = describeBollinger(band('close'), band('middle'), band('upper'), band('lower'))
    const ofAroon = newestOf('oscillator')
    const aroonText = describeAroon(ofAroon('up'), ofAroon('down'))
    setText(summary, `${bandText} ${aroonText}`)
    setAttribute(bollinger.element, 'aria-label', `${symbol}, daily bars and Bollinger band. ${bandText}`)
    setAttribute(aroon.element, 'aria-label', `${symbol}, Aroon of 14 days. ${aroonText}`)
  }

  for (const pane of panes) setAttribute(pane.element, 'aria-label', 'No bar yet.')
  return {
    element: root,
    draw,
    drawStates,
    drawAge: badges.drawAge,
    redraw() {
      if (slice !== undefined) drawPanes(slice)
    },
    toggleTable: () => setTable(!isTable),
  }
}

const nothing: (number | null)[] = []
const emptySlice: Slice = {
  first: 0,
  last: -1,
  bars: 60,
  rows: [],
  dates: [],
  open: nothing,
  high: nothing,
  low: nothing,
  close: nothing,
  volume: nothing,
  middle: nothing,
  upper: nothing,
  lower: nothing,
  up: nothing,
  down: nothing,
  oscillator: nothing,
}
