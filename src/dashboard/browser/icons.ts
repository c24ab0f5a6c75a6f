import { shape } from './dom.ts'

/** A state is a shape first, then a word, then a colour. */
export type StateShape = 'running' | 'draining' | 'stale' | 'failed' | 'stopped' | 'info'

const shapes: Readonly<Record<StateShape, () => SVGElement[]>> = {
  running: () => [shape('circle', { cx: '5', cy: '5', r: '4', class: 'solid' })],
  draining: () => [
    shape('circle', { cx: '5', cy: '5', r: '3.6', class: 'stroke' }),
    shape('path', { d: 'M5 1.4a3.6 3.6 0 0 1 0 7.2z', class: 'solid' }),
  ],
  stale: () => [
    shape('circle', { cx: '5', cy: '5', r: '3.8', class: 'stroke' }),
    shape('path', { d: 'M5 2.8V5l1.6 1', class: 'stroke' }),
  ],
  failed: () => [
    shape('rect', { x: '.5', y: '.5', width: '9', height: '9', rx: '1.5', class: 'solid' }),
    shape('path', { d: 'M3 3l4 4M7 3l-4 4', class: 'cut' }),
  ],
  stopped: () => [shape('rect', { x: '1.5', y: '1.5', width: '7', height: '7', rx: '1', class: 'stroke' })],
  info: () => [shape('path', { d: 'M5 .9L9.1 5 5 9.1.9 5z', class: 'stroke' })],
}

export function stateShape(state: StateShape): SVGElement {
  return shape(
    'svg',
    { viewBox: '0 0 10 10', class: 'shape', 'data-s': state, 'aria-hidden': 'true' },
    ...shapes[state](),
  )
}

export function themeIcon(): SVGElement {
  return shape(
    'svg',
    { viewBox: '0 0 20 20', 'aria-hidden': 'true' },
    shape('circle', { cx: '10', cy: '10', r: '6.5' }),
    shape('path', { d: 'M10 3.5a6.5 6.5 0 0 1 0 13z', fill: 'currentColor' }),
  )
}

/** The windsock. */
export function mark(): SVGElement {
  const cloth = ['M6 4.5l5 1.1v9.2L6 16z', 'M15.6 6.6l4.2.9v5.2l-4.2 1z']
  const gaps = ['M11 5.6l4.6 1v7.1L11 14.8z', 'M19.8 7.5l3.2.7v3.8l-3.2.7z']
  return shape(
    'svg',
    { viewBox: '0 0 26 26', class: 'mark', 'aria-hidden': 'true' },
    shape('path', { d: 'M4 3v21', stroke: 'currentColor', 'stroke-width': '2', 'stroke-linecap': 'round' }),
    ...cloth.map((d) => shape('path', { d, class: 'cloth' })),
    ...gaps.map((d) => shape('path', { d, class: 'gap' })),
  )
}
