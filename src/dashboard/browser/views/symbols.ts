import { element, setAttribute, setText, shape } from '../dom.ts'
import { formatCount, formatDate, formatFixed, formatMonth, formatPercentChange } from '../format.ts'
import type { Series, Store } from '../store.ts'

const sparkBars = 60
/** A symbol without a bar for so long, while others go on, has come to its end. */
const overAfterDays = 30
const sparkPx = { width: 72, height: 17 }

/** The list of symbols with what each did lately; a click chooses one. */
export interface SymbolsView {
  readonly element: HTMLElement
  draw(store: Store, chosen: string | null): void
}

interface Row {
  readonly element: HTMLElement
  readonly button: HTMLButtonElement
  readonly line: SVGElement
  readonly last: HTMLElement
  readonly change: HTMLElement
  series: Series | undefined
  revision: number
  isOver: boolean
}

export function createSymbols(onChoose: (symbol: string) => void): SymbolsView {
  const rowsBySymbol = new Map<string, Row>()
  const body = element('tbody')
  const head = element(
    'tr',
    {},
    element('th', { scope: 'col' }, 'Symbol'),
    element('th', { scope: 'col' }, `last ${sparkBars} bars`),
    element('th', { scope: 'col', class: 'num' }, 'last'),
    element('th', { scope: 'col', class: 'num' }, 'change'),
  )
  const note = element('p', { class: 'hint' })
  const root = element(
    'aside',
    { class: 'symbols', 'aria-labelledby': 'symbols-title' },
    element('h3', { id: 'symbols-title' }, 'Symbols'),
    element(
      'div',
      { class: 'scroller', tabindex: '0', role: 'region', 'aria-labelledby': 'symbols-title' },
      element('table', {}, element('thead', {}, head), body),
    ),
    note,
  )

  function makeRow(symbol: string): Row {
    const button = element('button', { type: 'button', class: 'pick', 'aria-pressed': 'false' }, symbol)
    const line = shape('path', { class: 'spark' })
    const spark = shape(
      'svg',
      { width: String(sparkPx.width), height: String(sparkPx.height), 'aria-hidden': 'true' },
      line,
    )
    const last = element('td', { class: 'num' })
    const change = element('td', { class: 'num change' })
    const row = element('tr', {}, element('td', {}, button), element('td', {}, spark), last, change)
    row.addEventListener('click', () => onChoose(symbol))
    return { element: row, button, line, last, change, series: undefined, revision: -1, isOver: false }
  }

  function drawRow(row: Row, series: Series, isOver: boolean): void {
    const { columns } = series
    const newest = columns.keys.at(-1) ?? ''
    const recent = columns.column('close').slice(-sparkBars)
    const closes = recent.filter((close) => close !== null)
    row.line.setAttribute('d', sparkPath(closes))
    const close = closes.at(-1)
    const before = closes.at(-2)
    setText(row.last, close === undefined ? '' : formatFixed(close))
    const share = close === undefined || before === undefined || before === 0 ? null : close / before - 1
    setAttribute(row.change, 'data-dir', isOver ? 'none' : share !== null && share < 0 ? 'down' : 'up')
    const endedIn = `to ${formatMonth(newest)} ${newest.slice(0, 4)}`
    setText(row.change, isOver ? endedIn : share === null ? '' : formatPercentChange(share))
    setAttribute(row.element, 'title', `Newest bar ${formatDate(newest)}`)
    setAttribute(row.element, 'data-over', isOver ? '' : null)
    row.series = series
    row.revision = series.revision
    row.isOver = isOver
  }

  return {
    element: root,
    draw(store, chosen) {
      const symbols = store.symbols().toSorted()
      const overBefore = daysBefore(newestDate(store), overAfterDays)
      const isChanged = symbols.length !== rowsBySymbol.size || symbols.some((symbol) => !rowsBySymbol.has(symbol))
      for (const symbol of rowsBySymbol.keys()) if (store.series(symbol) === undefined) rowsBySymbol.delete(symbol)
      for (const symbol of symbols) {
        const row = rowsBySymbol.get(symbol) ?? makeRow(symbol)
        rowsBySymbol.set(symbol, row)
        const series = store.series(symbol)
        if (series === undefined) continue
        const isOver = (series.columns.keys.at(-1) ?? '') < overBefore
        const isDrawn = row.series === series && row.revision === series.revision && row.isOver === isOver
        if (!isDrawn) drawRow(row, series, isOver)
        setAttribute(row.button, 'aria-pressed', String(symbol === chosen))
        setAttribute(row.element, 'data-chosen', symbol === chosen ? '' : null)
      }
      // Putting rows in anew takes the focus from the button that has it, so only when there are others.
      if (isChanged) body.replaceChildren(...symbols.flatMap((symbol) => rowsBySymbol.get(symbol)?.element ?? []))
      note.hidden = symbols.length > 0 && store.leftOut === 0
      const rowsLeftOut = `${formatCount(store.leftOut)} rows are left out: without a key, or more than a page holds.`
      setText(note, store.leftOut > 0 ? rowsLeftOut : 'Each symbol that arrives is listed here.')
    },
  }
}

function newestDate(store: Store): string {
  return store.symbols().reduce((newest, symbol) => {
    const date = store.series(symbol)?.columns.keys.at(-1) ?? ''
    return date > newest ? date : newest
  }, '')
}

function daysBefore(date: string, days: number): string {
  const at = Date.parse(`${date.slice(0, 10)}T00:00Z`)
  return Number.isNaN(at) ? '' : new Date(at - days * 86_400_000).toISOString().slice(0, 10)
}

function sparkPath(closes: readonly number[]): string {
  const low = Math.min(...closes)
  const high = Math.max(...closes)
  const { width, height } = sparkPx
  const x = (at: number): number => 1 + (at / Math.max(1, sparkBars - 1)) * (width - 2)
  const y = (close: number): number =>
    high === low ? height / 2 : height - 2 - ((close - low) / (high - low)) * (height - 4)
  return closes.map((close, at) => `${at === 0 ? 'M' : 'L'}${x(at).toFixed(1)} ${y(close).toFixed(1)}`).join('')
}
