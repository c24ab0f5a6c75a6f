import type { SystemStatus } from '../../../model/live.ts'
import { element, segments, setAttribute, setText } from '../dom.ts'
import { formatAge, formatClock, formatCount, formatDuration, none } from '../format.ts'
import { mark, stateShape, themeIcon, type StateShape } from '../icons.ts'
import type { Connection } from '../live.ts'

/** What can be trusted: whether the page is connected, how old its data is, how often it draws. */
export interface TopBarView {
  readonly element: HTMLElement
  drawConnection(connection: Connection, system: SystemStatus | null, now: number): void
  drawAge(sentAt: number | null, now: number): void
}

export const refreshChoices: ReadonlyMap<string, number> = new Map([
  ['Live', 0],
  ['5 s', 5_000],
  ['30 s', 30_000],
])

export interface TopBarActions {
  readonly onRefresh: (everyMs: number) => void
  readonly onTheme: () => void
}

export function createTopBar({ onRefresh, onTheme }: TopBarActions): TopBarView {
  const words = element('span', { class: 'word' })
  const state = element('span', { class: 'state', role: 'status', 'data-connection': 'connecting' }, words)
  const ageValue = element('b')
  const age = element(
    'span',
    { class: 'age' },
    element('span', { class: 'age-label' }, 'Data age', element('span', { class: 'long' }, ' on this screen')),
    ageValue,
  )
  const quarantinedCount = element('b', {}, none)
  const quarantined = element(
    'span',
    {
      class: 'quarantined',
      'data-quarantined': '0',
      title: 'Records set aside on the quarantine topic, each with its reason',
    },
    quarantinedCount,
    element('span', { class: 'unit' }, ' quarantined'),
  )
  const refresh = segments('Refresh', [...refreshChoices.keys()], (choice) => {
    refresh.press(choice)
    onRefresh(refreshChoices.get(choice) ?? 0)
  })
  refresh.press('Live')
  const theme = element(
    'button',
    { type: 'button', class: 'icon', 'aria-label': 'Switch between light and dark' },
    themeIcon(),
  )
  theme.addEventListener('click', onTheme)
  let shownShape: StateShape | undefined

  return {
    element: element(
      'header',
      { class: 'bar' },
      element('span', { class: 'brand' }, mark(), element('h1', {}, 'Windsock')),
      element(
        'div',
        { class: 'trust' },
        state,
        age,
        quarantined,
        element('span', { class: 'refresh' }, element('span', { class: 'unit' }, 'Refresh'), refresh.element),
        theme,
      ),
    ),
    drawConnection(connection, system, now) {
      const { shape, text } = describeConnection(connection, system, now)
      setAttribute(state, 'data-connection', attributeOf(connection))
      if (shownShape !== shape) {
        state.querySelector('svg')?.remove()
        state.prepend(stateShape(shape))
        setAttribute(state, 'data-s', shape)
        shownShape = shape
      }
      setText(words, text)
      setAttribute(quarantined, 'data-quarantined', String(system?.quarantined ?? 0))
      setText(quarantinedCount, system === null ? none : formatCount(system.quarantined))
    },
    drawAge(sentAt, now) {
      setText(ageValue, sentAt === null ? none : formatAge(sentAt, now))
    },
  }
}

function attributeOf(connection: Connection): string {
  return connection.kind === 'lost' ? 'reconnecting' : connection.kind
}

function describeConnection(
  connection: Connection,
  system: SystemStatus | null,
  now: number,
): { shape: StateShape; text: string } {
  if (connection.kind === 'connecting') return { shape: 'info', text: 'Connecting' }
  if (connection.kind === 'lost') {
    const waitMs = connection.nextTryAt === null ? 0 : connection.nextTryAt - now
    return { shape: 'stale', text: waitMs <= 0 ? 'Reconnecting now' : `Reconnecting in ${formatWait(waitMs)}` }
  }
  if (system?.broker.kind === 'down')
    return { shape: 'failed', text: `Broker away since ${formatClock(system.broker.since)}` }
  return { shape: 'running', text: 'Connected' }
}

/** Whole seconds, counted down to one. */
export function formatWait(waitMs: number): string {
  return formatDuration(Math.max(1, Math.ceil(waitMs / 1_000)) * 1_000).replace('.0', '')
}
