import { airlineLabel } from '../airline-names.ts'
import { element } from '../dom.ts'
import type { FlightsPicture } from '../flights-picture.ts'
import { formatCount, formatDate, none } from '../format.ts'

const rowsMax = 500

/** The exact counts behind the chart, newest day first. */
export interface FlightsTable {
  readonly element: HTMLElement
  draw(picture: FlightsPicture): void
}

export function createFlightsTable(): FlightsTable {
  const head = element('tr')
  const body = element('tbody')
  return {
    element: element(
      'div',
      { class: 'scroller', tabindex: '0', role: 'region', 'aria-label': 'Table of flights per day' },
      element('table', {}, element('thead', {}, head), body),
    ),
    draw({ days, airlines, counts, isRunning }) {
      const names = airlines.map((airline) => element('th', { scope: 'col', class: 'num' }, airlineLabel(airline)))
      head.replaceChildren(element('th', { scope: 'col' }, 'Day'), ...names)
      const rows: HTMLElement[] = []
      for (let row = days.length - 1; row >= Math.max(0, days.length - rowsMax); row -= 1) {
        const day = `${formatDate(days[row] ?? '')}${isRunning && row === days.length - 1 ? ', so far' : ''}`
        const cells = counts.map((column) => element('td', { class: 'num' }, countText(column[row])))
        rows.push(element('tr', {}, element('td', {}, day), ...cells))
      }
      body.replaceChildren(...rows)
    },
  }
}

function countText(count: number | null | undefined): string {
  return typeof count === 'number' ? formatCount(count) : none
}
