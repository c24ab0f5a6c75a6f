import type { SystemStatus } from '../../../model/live.ts'
import { element, setText } from '../dom.ts'
import { formatClock } from '../format.ts'
import { stateShape, type StateShape } from '../icons.ts'
import type { Connection } from '../live.ts'
import { describeHealth, healthOf } from '../staleness.ts'
import { formatWait } from './top-bar.ts'

/** Lines under the bar, only while there is something to say: what is wrong, since when, and what can be done. */
export interface NoticesView {
  readonly element: HTMLElement
  draw(connection: Connection, system: SystemStatus | null, now: number, wallNow: number): void
}

export interface NoticesActions {
  readonly onTryNow: () => void
  /** Rejects with a sentence when it could not be done. */
  readonly onPlayAgain: () => Promise<void>
}

interface Line {
  readonly element: HTMLElement
  readonly text: HTMLElement
  readonly countdown: HTMLElement
}

export function createNotices({ onTryNow, onPlayAgain }: NoticesActions): NoticesView {
  const tryNow = element('button', { type: 'button', class: 'plain' }, 'Try now')
  tryNow.addEventListener('click', onTryNow)
  const playAgain = element('button', { type: 'button', class: 'plain' }, 'Play again')
  const playFailure = element('span', { class: 'failure' })
  playAgain.addEventListener('click', () => {
    playAgain.disabled = true
    setText(playFailure, '')
    onPlayAgain().then(
      () => {
        playAgain.disabled = false
      },
      (error: unknown) => {
        playAgain.disabled = false
        setText(playFailure, error instanceof Error ? error.message : String(error))
      },
    )
  })

  const lost = makeLine('stale', 'lost', tryNow)
  const broker = makeLine('failed', 'broker')
  const failed = makeLine('failed', 'failed')
  const silent = makeLine('stale', 'silent')
  const ended = makeLine('info', 'ended', playFailure, playAgain)
  const lines = [lost, broker, failed, silent, ended]
  const list = element('div', { class: 'notices', role: 'status' }, ...lines.map((line) => line.element))

  return {
    element: list,
    draw(connection, system, now, wallNow) {
      say(lost, describeLost(connection))
      const nextTryAt = connection.kind === 'lost' ? connection.nextTryAt : null
      const waitMs = nextTryAt === null ? 0 : nextTryAt - wallNow
      const waitText = waitMs > 0 ? `Next try in ${formatWait(waitMs)}.` : 'Trying now.'
      setText(lost.countdown, connection.kind === 'lost' ? waitText : '')
      tryNow.disabled = waitMs <= 0

      // While the page is cut off, what it knows of the others is as old as its last update.
      const known = connection.kind === 'lost' ? null : system
      say(broker, describeBroker(known))
      say(failed, describeProcesses(known, now, 'failed'))
      say(silent, known?.broker.kind === 'down' ? null : describeProcesses(known, now, 'silent'))
      say(
        ended,
        known?.playback === 'ended' ? 'Everything recorded was played; the values stay as they were at its end.' : null,
      )
      playAgain.hidden = known?.canPlayAgain !== true
    },
  }
}

function say(line: Line, text: string | null): void {
  line.element.hidden = text === null
  if (text !== null) setText(line.text, text)
}

function describeLost(connection: Connection): string | null {
  if (connection.kind !== 'lost') return null
  return `No connection to the dashboard’s server since ${formatClock(connection.since)}. What is shown is from then.`
}

function describeBroker(system: SystemStatus | null): string | null {
  if (system?.broker.kind !== 'down') return null
  const reason = system.broker.reason.replace(/[.\s]+$/, '')
  return `The broker is away since ${formatClock(system.broker.since)}: ${reason}. What is shown is old.`
}

function describeProcesses(system: SystemStatus | null, now: number, health: 'failed' | 'silent'): string | null {
  const found = (system?.processes ?? []).filter((process) => healthOf(process, now) === health)
  if (found.length === 0) return null
  const sentences = found.map((process) => {
    const note = process.note === null || health === 'silent' ? '' : `: ${process.note.replace(/[.\s]+$/, '')}`
    return `${process.name} ${health === 'failed' ? 'failed' : `is ${describeHealth(process, now)}`}${note}.`
  })
  return `${sentences.join(' ')} Its values are old until it runs again.`.replace(
    'Its',
    found.length > 1 ? 'Their' : 'Its',
  )
}

function makeLine(state: StateShape, kind: string, ...actions: readonly Node[]): Line {
  const text = element('span', { class: 'text' })
  // Counting aloud every second would leave no room for anything else.
  const countdown = element('span', { class: 'countdown', 'aria-hidden': 'true' })
  const line = element(
    'div',
    { class: 'notice', 'data-s': state, 'data-notice': kind, hidden: '' },
    stateShape(state),
    text,
    countdown,
  )
  line.append(...actions)
  return { element: line, text, countdown }
}
