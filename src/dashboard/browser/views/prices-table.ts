import type { Column } from '../aligned-columns.ts'
import { element, setText } from '../dom.ts'
import { formatCount, formatDate, formatFixed, none } from '../format.ts'
import type { Slice } from '../slice.ts'

const rowsMax = 500

/** The exact values behind the charts, newest first. */
export interface PricesTable {
  readonly element: HTMLElement
  draw(slice: Slice): void
}

export function createPricesTable(): PricesTable {
  const caption = element('caption')
  const body = element('tbody')
  const heads = [
    'Date',
    'Open',
    'High',
    'Low',
    'Close',
    'Volume',
    'Lower',
    'Middle',
    'Upper',
    'Up',
    'Down',
    'Oscillator',
  ]
  const head = element(
    'tr',
    {},
    ...heads.map((name, at) => element('th', { scope: 'col', class: at === 0 ? '' : 'num' }, name)),
  )
  const scroller = element(
    'div',
    { class: 'scroller', tabindex: '0', role: 'region', 'aria-label': 'Table of prices and indicators' },
    element('table', {}, caption, element('thead', {}, head), body),
  )
  return {
    element: scroller,
    draw(slice) {
      const columns: readonly (readonly [Column, number])[] = [
        [slice.open, 2],
        [slice.high, 2],
        [slice.low, 2],
        [slice.close, 2],
        [slice.volume, 0],
        [slice.lower, 4],
        [slice.middle, 4],
        [slice.upper, 4],
        [slice.up, 2],
        [slice.down, 2],
        [slice.oscillator, 2],
      ]
      const from = Math.max(0, slice.dates.length - rowsMax)
      const rows: HTMLElement[] = []
      for (let at = slice.dates.length - 1; at >= from; at -= 1) {
        const cells = columns.map(([column, digits]) => element('td', { class: 'num' }, cellText(column[at], digits)))
        rows.push(element('tr', {}, element('td', {}, formatDate(slice.dates[at] ?? '')), ...cells))
      }
      body.replaceChildren(...rows)
      const count = slice.dates.length
      setText(caption, from > 0 ? `The newest ${rowsMax} of ${formatCount(count)} bars` : `${formatCount(count)} bars`)
    },
  }
}

function cellText(value: number | null | undefined, digits: number): string {
  return typeof value === 'number' ? formatFixed(value, digits) : none
}
