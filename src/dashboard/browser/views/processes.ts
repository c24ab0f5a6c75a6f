import type { ProcessView, SystemStatus, TopicView } from '../../../model/live.ts'
import { element, setAttribute, setText } from '../dom.ts'
import { formatAge, formatCount, formatPercent, formatPerSecond, formatRate, none } from '../format.ts'
import { stateShape } from '../icons.ts'
import { describeHealth, healthOf } from '../staleness.ts'
import { shapeOfHealth } from './strip.ts'

/** Every process and topic with its numbers: what flows, how far behind, how old. */
export interface ProcessesView {
  readonly element: HTMLElement
  draw(system: SystemStatus | null, now: number): void
}

export function createProcesses(): ProcessesView {
  const summary = element('p', { class: 'sum' })
  const processRows = element('tbody')
  const topicRows = element('tbody')
  const processHeads = ['Process', 'State', 'records/s', 'records', 'behind', 'newest', 'played']
  const topicHeads = ['Topic', 'partitions', 'records/s', 'records', 'newest']
  const root = element(
    'section',
    { class: 'processes', 'aria-labelledby': 'processes-title', 'data-panel': 'processes' },
    element(
      'header',
      { class: 'view-head' },
      element('h2', { id: 'processes-title' }, 'Processes and topics'),
      summary,
    ),
    element(
      'div',
      { class: 'two' },
      scroller('Processes', processHeads, 2, processRows),
      scroller('Topics', topicHeads, 1, topicRows),
    ),
  )

  return {
    element: root,
    draw(system, now) {
      const processes = system?.processes ?? []
      const topics = system?.topics ?? []
      setText(summary, describe(processes, now))
      fillRows(processRows, processes.length, processHeads.length, 2)
      for (const [at, process] of processes.entries()) drawProcess(processRows.children[at], process, now)
      fillRows(topicRows, topics.length, topicHeads.length, 1)
      for (const [at, topic] of topics.entries()) drawTopic(topicRows.children[at], topic, now)
    },
  }
}

function scroller(label: string, heads: readonly string[], textColumns: number, body: HTMLElement): HTMLElement {
  const cells = heads.map((head, at) => element('th', { scope: 'col', class: at < textColumns ? '' : 'num' }, head))
  const table = element('table', {}, element('thead', {}, element('tr', {}, ...cells)), body)
  return element('div', { class: 'scroller', tabindex: '0', role: 'region', 'aria-label': label }, table)
}

/** As many rows as there are things; rows that stay are written into, not made anew. */
function fillRows(body: HTMLElement, count: number, columns: number, textColumns: number): void {
  while (body.children.length > count) body.lastElementChild?.remove()
  while (body.children.length < count) {
    const cells = Array.from({ length: columns }, (_, at) => element('td', { class: at < textColumns ? '' : 'num' }))
    body.append(element('tr', {}, ...cells))
  }
}

function drawProcess(row: Element | undefined, process: ProcessView, now: number): void {
  if (row === undefined) return
  const health = healthOf(process, now)
  setAttribute(row, 'data-row', process.name)
  writeCells(row, [
    process.name,
    undefined,
    formatPerSecond(process.recordsPerSecond),
    formatCount(process.records),
    process.lagRecords === null ? none : formatCount(process.lagRecords),
    process.newestSentAt === null ? none : formatAge(process.newestSentAt, now),
    process.progress === null ? none : formatPercent(process.progress),
  ])
  const stateCell = row.children[1]
  const words =
    process.note === null ? describeHealth(process, now) : `${describeHealth(process, now)}: ${process.note}`
  if (stateCell === undefined || stateCell.textContent === words) return
  const state = element(
    'span',
    { class: 'state', 'data-s': shapeOfHealth[health] },
    stateShape(shapeOfHealth[health]),
    words,
  )
  stateCell.replaceChildren(state)
}

function drawTopic(row: Element | undefined, topic: TopicView, now: number): void {
  if (row === undefined) return
  setAttribute(row, 'data-topic', topic.name)
  writeCells(row, [
    topic.name,
    formatCount(topic.partitions),
    formatPerSecond(topic.recordsPerSecond),
    formatCount(topic.records),
    topic.newestSentAt === null ? none : formatAge(topic.newestSentAt, now),
  ])
}

function writeCells(row: Element, texts: readonly (string | undefined)[]): void {
  for (const [at, text] of texts.entries()) {
    const cell = row.children[at]
    if (cell !== undefined && text !== undefined) setText(cell, text)
  }
}

function describe(processes: readonly ProcessView[], now: number): string {
  if (processes.length === 0) return 'Nothing has reported yet.'
  const sent = processes.reduce(
    (sum, { role, recordsPerSecond }) => sum + (role === 'source' ? recordsPerSecond : 0),
    0,
  )
  const running = processes.filter((process) => healthOf(process, now) === 'running').length
  return `${running} of ${processes.length} run, ${formatRate(sent)} sent by the sources.`
}
