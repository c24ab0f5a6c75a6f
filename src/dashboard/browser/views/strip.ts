import type { SystemStatus } from '../../../model/live.ts'
import { element, setAttribute, setText } from '../dom.ts'
import { formatCount, formatDuration, formatRate } from '../format.ts'
import { stateShape, type StateShape } from '../icons.ts'
import { describeHealth, healthOf, type Health } from '../staleness.ts'

/** One line of chips below the bar: the broker and every process, each with the shape and word of its state. */
export interface StripView {
  readonly element: HTMLElement
  /** @param isCurrent false while what is known may have changed since */
  draw(system: SystemStatus | null, now: number, isCurrent: boolean): void
}

export const shapeOfHealth: Readonly<Record<Health, StateShape>> = {
  starting: 'info',
  running: 'running',
  draining: 'draining',
  stopped: 'stopped',
  silent: 'stale',
  failed: 'failed',
}

interface Chip {
  readonly element: HTMLElement
  readonly name: HTMLElement
  readonly word: HTMLElement
  readonly detail: HTMLElement
  shape: StateShape | undefined
}

export function createStrip(): StripView {
  const broker = makeChip('span')
  const list = element('ul')
  const chipsByName = new Map<string, Chip>()
  const quiet = element('span', { class: 'hint' })
  setText(broker.name, 'broker')

  function drawBroker(system: SystemStatus | null, now: number): void {
    broker.element.hidden = system === null
    if (system === null) return
    setAttribute(broker.element, 'data-broker', system.broker.kind)
    if (system.broker.kind === 'up') drawChip(broker, 'running', 'up', system.broker.address)
    else drawChip(broker, 'failed', `away for ${formatDuration(now - system.broker.since)}`, '')
  }

  const root = element(
    'div',
    { class: 'strip', role: 'region', 'aria-label': 'Broker and processes' },
    broker.element,
    list,
    quiet,
  )

  return {
    element: root,
    draw(system, now, isCurrent) {
      setAttribute(root, 'data-stale', String(!isCurrent))
      drawBroker(system, now)
      const processes = system?.processes ?? []
      quiet.hidden = processes.length > 0
      setText(quiet, system === null ? 'Nothing has been heard from the server yet.' : 'No process has reported yet.')
      const names = new Set(processes.map(({ name }) => name))
      for (const [name, chip] of chipsByName) {
        if (names.has(name)) continue
        chip.element.remove()
        chipsByName.delete(name)
      }
      for (const process of processes) {
        const chip = chipsByName.get(process.name) ?? makeChip('li')
        if (!chipsByName.has(process.name)) list.append(chip.element)
        chipsByName.set(process.name, chip)
        const health = healthOf(process, now)
        setText(chip.name, process.name)
        setAttribute(chip.element, 'data-process', process.name)
        setAttribute(chip.element, 'data-state', health === 'silent' ? 'stale' : health)
        const lag =
          process.lagRecords === null || process.lagRecords === 0 ? '' : `, ${formatCount(process.lagRecords)} behind`
        const isFlowing = health === 'running' || health === 'draining'
        const detail = isFlowing ? `${formatRate(process.recordsPerSecond)}${lag}` : ''
        drawChip(chip, shapeOfHealth[health], describeHealth(process, now), detail)
        setAttribute(chip.element, 'title', process.note)
      }
    },
  }
}

function makeChip(tag: 'li' | 'span'): Chip {
  const name = element('b')
  const word = element('span', { class: 'word' })
  const detail = element('span', { class: 'detail' })
  return { element: element(tag, { class: 'chip' }, name, word, detail), name, word, detail, shape: undefined }
}

function drawChip(chip: Chip, state: StateShape, word: string, detail: string): void {
  if (chip.shape !== state) {
    chip.element.querySelector('svg')?.remove()
    chip.element.prepend(stateShape(state))
    setAttribute(chip.element, 'data-s', state)
    chip.shape = state
  }
  setText(chip.word, word)
  setText(chip.detail, detail)
}
