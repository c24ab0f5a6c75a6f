import { element, setAttribute, setText } from '../dom.ts'
import { formatAge, formatClock, formatDate } from '../format.ts'
import { stateShape } from '../icons.ts'

export type PlaybackNow = 'replay' | 'live' | 'ended' | null

/** The badges beside a title: how old its values are, and whether they are recorded or live. */
export interface Badges {
  readonly element: HTMLElement
  drawStates(playback: PlaybackNow, staleReason: string | null, newestDate: string | undefined): void
  readonly drawAge: (sentAt: number | null, now: number) => void
}

/** A badge that is there only while one chart of several is stale. */
export function createStaleBadge(): { readonly element: HTMLElement; readonly draw: (text: string | null) => void } {
  const words = element('span')
  const badge = element('span', { class: 'badge', 'data-s': 'stale', hidden: '' }, stateShape('stale'), words)
  return {
    element: badge,
    draw(text) {
      badge.hidden = text === null
      if (text !== null) setText(words, text)
    },
  }
}

/** Older than this while data should flow, an age takes the stale colour. */
const oldAfterMs = 10_000

const words: Readonly<Record<'replay' | 'live' | 'ended', { readonly word: string; readonly title: string }>> = {
  replay: { word: 'REPLAY', title: 'Recorded data, played again in its own order' },
  live: { word: 'LIVE', title: 'Data as it happens' },
  ended: { word: 'REPLAY', title: 'Recorded data, played to its end' },
}

export function createBadges(): Badges {
  const ageText = element('span')
  const age = element('span', { class: 'badge age', 'data-s': 'running' }, ageText)
  const word = element('b')
  const date = element('span', { class: 'long' })
  const playbackBadge = element('span', { class: 'badge', hidden: '' }, word, date)
  let reason: string | null = null
  let isEnded = false
  let shownShape = ''

  function drawShape(state: 'running' | 'stale' | 'stopped'): void {
    setAttribute(age, 'data-s', state)
    if (shownShape === state) return
    shownShape = state
    age.querySelector('svg')?.remove()
    age.prepend(stateShape(state))
  }

  return {
    element: element('span', { class: 'badges' }, age, playbackBadge),
    drawStates(playback, staleReason, newestDate) {
      reason = staleReason
      isEnded = playback === 'ended'
      playbackBadge.hidden = playback === null
      if (playback === null) return
      setText(word, words[playback].word)
      setAttribute(playbackBadge, 'title', words[playback].title)
      const day = newestDate === undefined ? '' : formatDate(newestDate)
      setText(date, isEnded ? `${day}, ended` : day)
    },
    drawAge(sentAt, now) {
      age.hidden = sentAt === null && reason === null
      if (reason !== null) {
        drawShape('stale')
        setText(ageText, sentAt === null ? reason : `no data since ${formatClock(sentAt)}: ${reason}`)
        return
      }
      if (sentAt === null) return
      const isOld = now - sentAt > oldAfterMs
      drawShape(isEnded ? 'stopped' : isOld ? 'stale' : 'running')
      const isRecent = now - sentAt < 3_600_000
      setText(ageText, `${isRecent ? '' : 'from '}${formatAge(sentAt, now)}${isRecent ? ' old' : ''}`)
    },
  }
}
