import type { Column } from '../aligned-columns.ts'
import { element, setAttribute, setText } from '../dom.ts'
import { formatAmount, formatDate, formatFixed, formatPercentChange, formatWeekday, none } from '../format.ts'
import type { Slice } from '../slice.ts'

const behindMax = 5

/** Every value at the crosshair in one place, the newest when there is no crosshair. */
export interface ReadOut {
  readonly bar: HTMLElement
  readonly aroon: HTMLElement
  /** @param row the place in the slice, null for the newest */
  draw(slice: Slice, row: number | null): void
}

export function createReadOut(): ReadOut {
  const date = element('b', { class: 'date' })
  const change = element('b', { class: 'change' })
  const [open, high, low, close, volume, lower, upper, middle] = Array.from({ length: 8 }, () => element('b'))
  const [up, down, oscillator] = Array.from({ length: 3 }, () => element('b'))
  const bar = element(
    'div',
    { class: 'read' },
    element('span', {}, date),
    value('Open', open),
    value('High', high, 'opt'),
    value('Low', low, 'opt'),
    value('Close', close),
    element('span', {}, change),
    value('Volume', volume, 'opt'),
    element('span', {}, key('band'), 'Band ', lower ?? '', ' to ', upper ?? ''),
    value('middle', middle, 'opt'),
  )
  const aroon = element(
    'div',
    { class: 'read aroon-read' },
    element('span', {}, 'Aroon 14'),
    element('span', {}, key('up'), 'up ', up ?? ''),
    element('span', {}, key('down'), 'down ', down ?? ''),
    element('span', {}, key('ink'), 'oscillator ', oscillator ?? ''),
  )
  return {
    bar,
    aroon,
    draw(slice, row) {
      const at = row ?? slice.rows.length - 1
      const bandAt = row ?? newestRow(slice.middle)
      const aroonAt = row ?? newestRow(slice.oscillator)
      const day = slice.dates[at]
      setText(date, day === undefined ? '' : `${formatWeekday(day)}, ${formatDate(day)}`)
      write(open, slice.open[at])
      write(high, slice.high[at])
      write(low, slice.low[at])
      write(close, slice.close[at])
      const traded = slice.volume[at] ?? null
      if (volume !== undefined) setText(volume, traded === null ? none : formatAmount(traded))
      write(lower, slice.lower[bandAt])
      write(upper, slice.upper[bandAt])
      write(middle, slice.middle[bandAt])
      write(up, slice.up[aroonAt], 0)
      write(down, slice.down[aroonAt], 0)
      write(oscillator, slice.oscillator[aroonAt], 0)
      const before = slice.close[at - 1] ?? null
      const now = slice.close[at] ?? null
      const share = before === null || now === null || before === 0 ? null : now / before - 1
      setAttribute(change, 'data-dir', share !== null && share < 0 ? 'down' : 'up')
      setText(change, share === null ? '' : formatPercentChange(share))
    },
  }
}

/** The newest value of an indicator that is a moment behind its bars; a dash when it is more than that. */
function newestRow(column: Column): number {
  const newest = column.length - 1
  const row = column.findLastIndex((known) => known !== null)
  return newest - row <= behindMax ? row : newest
}

function value(name: string, node: Node | undefined, extra = ''): HTMLElement {
  return element('span', { class: extra }, `${name} `, node ?? '')
}

function key(mark: string): HTMLElement {
  return element('i', { class: `sw ${mark}` })
}

function write(node: Element | undefined, shown: number | null | undefined, digits = 2): void {
  if (node !== undefined) setText(node, typeof shown === 'number' ? formatFixed(shown, digits) : none)
}
