import { airlineLabel, findAirlineName } from '../airline-names.ts'
import type { AlignedColumns } from '../aligned-columns.ts'
import { element, setAttribute, setText } from '../dom.ts'
import { chosenMax, rankAirlines } from '../flights-choice.ts'
import { sumByAirline, sumOfDay } from '../flights-picture.ts'
import { formatCount, formatDayAndMonth, none } from '../format.ts'

/** The newest days that have a column; the table behind the chart has them all. */
const daysShown = 3

/** Every airline with its exact counts; the table is the chooser as well. */
export interface AirlinesView {
  readonly element: HTMLElement
  draw(columns: AlignedColumns, chosen: readonly string[], isRunning: boolean): void
}

interface Row {
  readonly element: HTMLElement
  readonly box: HTMLInputElement
  readonly cells: readonly HTMLElement[]
}

export function createAirlines(onToggle: (airline: string) => void): AirlinesView {
  const rowsByAirline = new Map<string, Row>()
  let order: readonly string[] = []
  const body = element('tbody')
  const heads = Array.from({ length: daysShown }, () => element('th', { scope: 'col', class: 'num' }))
  const totals = Array.from({ length: daysShown + 1 }, () => element('td', { class: 'num' }))
  const summary = element('p', { class: 'hint' })
  const table = element(
    'table',
    {},
    element(
      'thead',
      {},
      element(
        'tr',
        {},
        element('th', { scope: 'col' }, 'Airline'),
        ...heads,
        element('th', { scope: 'col', class: 'num' }, 'all days'),
      ),
    ),
    body,
    element('tfoot', {}, element('tr', {}, element('th', { scope: 'row' }, 'All airlines'), ...totals)),
  )
  const root = element(
    'aside',
    { class: 'airlines', 'aria-labelledby': 'airlines-title' },
    element('h3', { id: 'airlines-title' }, 'Airlines'),
    summary,
    table,
  )

  function makeRow(airline: string): Row {
    const box = element('input', { type: 'checkbox', value: airline })
    box.addEventListener('change', () => onToggle(airline))
    const name = element('b', {}, airlineLabel(airline))
    const isNamed = findAirlineName(airline) !== undefined
    const code = element('small', {}, isNamed ? airline : 'code only')
    const label = element(
      'label',
      { title: findAirlineName(airline) ?? `No name is known for ${airline}` },
      box,
      name,
      code,
    )
    const cells = Array.from({ length: daysShown + 1 }, () => element('td', { class: 'num' }))
    const row = element('tr', { 'data-airline': airline }, element('td', {}, label), ...cells)
    return { element: row, box, cells }
  }

  function drawRow(row: Row, counts: readonly (number | null | undefined)[], total: number, place: number): void {
    const texts = [...counts.map(countText), formatCount(total)]
    for (const [at, cell] of row.cells.entries()) {
      cell.hidden = at < counts.length && counts[at] === undefined
      setText(cell, texts[at] ?? '')
    }
    row.box.checked = place >= 0
    setAttribute(row.element, 'data-place', place >= 0 ? String(place + 1) : null)
  }

  /** While a hand or the focus is on the table, rows keep their places. */
  function isInUse(): boolean {
    return table.matches(':hover') || table.contains(document.activeElement)
  }

  return {
    element: root,
    draw(columns, chosen, isRunning) {
      const sums = sumByAirline(columns)
      const ranked = rankAirlines(sums)
      const firstDay = Math.max(0, columns.keys.length - daysShown)
      const days = Array.from({ length: daysShown }, (_, at) => columns.keys[firstDay + at])
      for (const [at, head] of heads.entries()) {
        const day = days[at]
        const isOpen = isRunning && firstDay + at === columns.keys.length - 1
        head.hidden = day === undefined
        setText(head, day === undefined ? '' : `${formatDayAndMonth(day)}${isOpen ? ' …' : ''}`)
      }
      for (const airline of rowsByAirline.keys()) if (!sums.has(airline)) rowsByAirline.delete(airline)
      for (const airline of ranked) {
        const row = rowsByAirline.get(airline) ?? makeRow(airline)
        rowsByAirline.set(airline, row)
        const column = columns.column(airline)
        const counts = days.map((_, at) => column[firstDay + at])
        drawRow(row, counts, sums.get(airline) ?? 0, chosen.indexOf(airline))
        row.box.disabled = chosen.length >= chosenMax && !chosen.includes(airline)
      }
      const isSame = ranked.length === order.length && ranked.every((airline) => order.includes(airline))
      if (!isSame || (!isInUse() && ranked.some((airline, at) => order[at] !== airline))) {
        order = ranked
        body.replaceChildren(...ranked.flatMap((airline) => rowsByAirline.get(airline)?.element ?? []))
      }
      const all = [...sums.values()].reduce((total, flights) => total + flights, 0)
      for (const [at, cell] of totals.entries()) {
        const isSum = at === daysShown
        const text = isSum
          ? formatCount(all)
          : days[at] === undefined
            ? ''
            : formatCount(sumOfDay(columns, firstDay + at))
        cell.hidden = !isSum && days[at] === undefined
        setText(cell, text)
      }
      setText(summary, describe(ranked.length, columns.keys.length, all))
    },
  }
}

/** Nothing where there is no such day, a dash where the airline had no flight. */
function countText(count: number | null | undefined): string {
  return count === undefined ? '' : count === null ? none : formatCount(count)
}

function describe(airlines: number, days: number, all: number): string {
  if (airlines === 0) return 'Each airline that flies is listed here.'
  const dayWord = days === 1 ? 'day' : 'days'
  return `${formatCount(all)} flights of ${airlines} airlines in ${formatCount(days)} ${dayWord}. Choose up to ${chosenMax}.`
}
