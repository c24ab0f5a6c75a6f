import type uPlot from 'uplot'
import { element, setText } from '../dom.ts'

/** The crosshair of one pane. It only shows a row; who hears of the pointer decides which, so that panes share it. */
export interface Crosshair {
  /** Nothing is shown for null, or for a row outside the pane. */
  place(mark: CrosshairMark | null): void
}

export interface CrosshairMark {
  readonly row: number
  /** A level with a tag in the gutter. */
  readonly level?: { readonly value: number; readonly text: string }
  /** A tag below the pane. */
  readonly foot?: string
  /** The width of what the row covers, in rows: a wide mark is a shade, not a line. */
  readonly width?: number
}

export interface CrosshairOptions {
  /** The row under the pointer; null when it leaves. */
  readonly onRow: (row: number | null) => void
  /** A drag with the mouse, in rows: positive moves to later ones. */
  readonly onDrag?: (rows: number) => void
}

export function addCrosshair(plot: uPlot, options: CrosshairOptions): Crosshair {
  const line = element('div', { class: 'cross-x', hidden: '' })
  const level = element('div', { class: 'cross-y', hidden: '' })
  const tag = element('div', { class: 'cross-tag', hidden: '' })
  const foot = element('div', { class: 'cross-foot', hidden: '' })
  const parts = [line, level, tag, foot]
  plot.over.append(...parts)
  listen(plot, options)

  return {
    place(mark) {
      const { min = 0, max = 0 } = plot.scales['x'] ?? {}
      const isShown = mark !== null && mark.row >= min && mark.row <= max
      for (const part of parts) part.hidden = true
      if (!isShown) return
      const x = plot.valToPos(mark.row, 'x')
      const width = mark.width === undefined ? 0 : plot.valToPos(mark.width, 'x') - plot.valToPos(0, 'x')
      line.hidden = false
      line.classList.toggle('shade', width > 0)
      line.style.width = width > 0 ? `${width}px` : ''
      line.style.transform = `translateX(${Math.round(x - width / 2)}px)`
      if (mark.level !== undefined) {
        const y = Math.round(plot.valToPos(mark.level.value, 'y'))
        level.hidden = tag.hidden = false
        level.style.transform = `translateY(${y}px)`
        tag.style.transform = `translateY(${y}px) translateY(-50%)`
        setText(tag, mark.level.text)
      }
      if (mark.foot !== undefined) {
        foot.hidden = false
        setText(foot, mark.foot)
        const half = foot.offsetWidth / 2
        foot.style.transform = `translateX(${Math.max(0, Math.min(plot.over.clientWidth - 2 * half, x - half))}px)`
      }
    },
  }
}

function listen(plot: uPlot, { onRow, onDrag }: CrosshairOptions): void {
  let dragFrom: number | null = null
  const rowAt = (pointer: PointerEvent): number => {
    const { left } = plot.over.getBoundingClientRect()
    return Math.round(plot.posToVal(pointer.clientX - left, 'x'))
  }
  plot.over.addEventListener('pointerdown', (pointer) => {
    if (onDrag === undefined || pointer.pointerType !== 'mouse' || pointer.button !== 0) return
    dragFrom = rowAt(pointer)
    plot.over.setPointerCapture(pointer.pointerId)
  })
  plot.over.addEventListener('pointermove', (pointer) => {
    const row = rowAt(pointer)
    if (dragFrom === null) onRow(row)
    else if (row !== dragFrom) onDrag?.(dragFrom - row)
  })
  plot.over.addEventListener('pointerup', () => {
    dragFrom = null
  })
  plot.over.addEventListener('pointercancel', () => {
    dragFrom = null
  })
  plot.over.addEventListener('pointerleave', () => onRow(null))
}
