import type { LiveTable, SystemStatus } from '../../model/live.ts'
import { createBeat } from './beat.ts'
import { element } from './dom.ts'
import { connectLive, type Connection, type UpdateSource } from './live.ts'
import { readPalette } from './palette.ts'
import { recall, remember } from './remember.ts'
import { playbackOf, staleReason } from './staleness.ts'
import { createStore } from './store.ts'
import { createFlightsPerDay } from './views/flights-per-day.ts'
import { createNotices } from './views/notices.ts'
import { createPrices } from './views/prices.ts'
import { createProcesses } from './views/processes.ts'
import { createStrip } from './views/strip.ts'
import { createSymbols } from './views/symbols.ts'
import { createTopBar } from './views/top-bar.ts'

/** The page: one connection feeds one store, and one beat draws every view from it. */

const tickMs = 500
/** Within a second of drawing, the age is that of the drawing; after it, the age grows as nothing new comes. */
const freshMs = 1_000

const store = createStore()
const beat = createBeat({
  draw,
  now: () => performance.now(),
  nextFrame: (call) => void requestAnimationFrame(call),
  after,
})
let connection: Connection = { kind: 'connecting' }
let system: SystemStatus | null = null
let updateAt = Date.now()
let updateHeardAt = performance.now()
let chosenSymbol = recall('symbol')
let firstSymbol: string | null = null
let drawnAt = 0
let drawnSentAt = new Map<LiveTable, number>()

applyTheme(recall('theme'))
let palette = readPalette()

const topBar = createTopBar({ onRefresh: beat.setEvery, onTheme: switchTheme })
const notices = createNotices({ onTryNow: () => live.tryNow(), onPlayAgain: playAgain })
const strip = createStrip()
const symbols = createSymbols((symbol) => {
  chosenSymbol = symbol
  remember('symbol', symbol)
  beat.drawSoon()
})
const prices = createPrices(() => palette, symbols.element)
const flights = createFlightsPerDay(() => palette)
const processes = createProcesses()
const main = element('main', { id: 'main' }, prices.element, flights.element, processes.element)
document.body.append(topBar.element, notices.element, strip.element, main)

const live = connectLive({
  open: openUpdates,
  now: Date.now,
  after,
  onConnection: (next) => {
    connection = next
    drawTrust()
    beat.drawSoon()
  },
  onUpdate: (update) => {
    store.apply(update)
    system = update.system
    updateAt = update.at
    updateHeardAt = performance.now()
    if (update.full) beat.drawSoon()
    else beat.changed()
  },
})

setInterval(drawTrust, tickMs)
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => applyTheme(recall('theme')))
new MutationObserver(() => {
  palette = readPalette()
  prices.redraw()
  flights.redraw()
}).observe(document.documentElement, { attributeFilter: ['data-theme'] })
document.addEventListener('keydown', (key) => {
  const isPlain = !key.ctrlKey && !key.metaKey && !key.altKey
  if (key.key.toLowerCase() === 't' && isPlain) toggleTables(key.target)
})
drawTrust()
draw()

/** The server's clock: ages are taken against it, whatever this machine believes. */
function serverNow(): number {
  return updateAt + (performance.now() - updateHeardAt)
}

/** What is drawn on the reader's beat. */
function draw(): void {
  const symbol = symbolToDraw()
  const placeholder = describeEmpty()
  symbols.draw(store, symbol)
  prices.draw({ symbol, series: symbol === null ? undefined : store.series(symbol), placeholder })
  flights.draw({ series: store.flights, isRunning: playback('flights') !== 'ended', placeholder })
  processes.draw(system, knownNow())
  drawnAt = performance.now()
  drawnSentAt = newestSentAts()
  drawTrust()
}

/** The reader's choice; until it is made or has come, the first by name of those that were there first. */
function symbolToDraw(): string | null {
  if (chosenSymbol !== null && store.series(chosenSymbol) !== undefined) return chosenSymbol
  if (firstSymbol === null || store.series(firstSymbol) === undefined)
    firstSymbol = store.symbols().toSorted()[0] ?? null
  return firstSymbol
}

/** What must not wait for a beat: the connection, what is wrong, and how old the drawn values are. */
function drawTrust(): void {
  const now = serverNow()
  const reason = (analysis: string, source: string): string | null =>
    staleReason(connection, system, knownNow(), analysis, source)
  topBar.drawConnection(connection, system, Date.now())
  notices.draw(connection, system, knownNow(), Date.now())
  strip.draw(system, knownNow(), connection.kind !== 'lost')
  prices.drawStates(playback('prices'), { bollinger: reason('bollinger', 'prices'), aroon: reason('aroon', 'prices') })
  flights.drawStates(playback('flights'), reason('flights-per-day', 'flights'))
  const isFresh = connection.kind === 'connected' && performance.now() - drawnAt < freshMs
  const ageNow = isFresh ? now - (performance.now() - drawnAt) : now
  topBar.drawAge(newestOf(drawnSentAt, ['prices', 'bollinger', 'aroon', 'flights-per-day']), ageNow)
  prices.drawAge(newestOf(drawnSentAt, ['prices', 'bollinger', 'aroon']), ageNow)
  flights.drawAge(newestOf(drawnSentAt, ['flights-per-day']), ageNow)
}

function playback(source: string): SystemStatus['playback'] | null {
  return system === null ? null : playbackOf(system, source)
}

/** A silence is measured against the server; cut off from it, the page cannot tell who still speaks. */
function knownNow(): number {
  return connection.kind === 'lost' ? updateAt : serverNow()
}

function newestSentAts(): Map<LiveTable, number> {
  const newest = new Map<LiveTable, number>()
  for (const table of ['prices', 'bollinger', 'aroon', 'flights-per-day'] as const) {
    const sentAt = store.newestSentAt(table)
    if (sentAt !== null) newest.set(table, sentAt)
  }
  return newest
}

function newestOf(sentAts: ReadonlyMap<LiveTable, number>, tables: readonly LiveTable[]): number | null {
  const found = tables.flatMap((table) => sentAts.get(table) ?? [])
  return found.length === 0 ? null : Math.max(...found)
}

function describeEmpty(): string {
  if (system === null)
    return connection.kind === 'lost' ? 'Waiting for the dashboard’s server.' : 'Reading what was recorded so far.'
  if (system.broker.kind === 'down') return 'Values appear here when the broker is back.'
  return 'Values appear here as soon as a source sends some: “windsock up” starts the recorded ones.'
}

function openUpdates(): UpdateSource {
  const source = new EventSource('/live')
  return {
    onUpdate: (take) => {
      source.addEventListener('update', (message) => take(String(message.data)))
    },
    onError: (take) => {
      source.addEventListener('error', take)
    },
    close: () => source.close(),
  }
}

async function playAgain(): Promise<void> {
  const answer = await fetch('/play-again', { method: 'POST', headers: { 'x-windsock': '1' } })
  if (!answer.ok) throw new Error(`The server refused (${answer.status}). ${(await answer.text()).slice(0, 200)}`)
}

function applyTheme(chosen: string | null): void {
  const ofSystem = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
  document.documentElement.dataset['theme'] = chosen === 'dark' || chosen === 'light' ? chosen : ofSystem
}

function switchTheme(): void {
  const next = document.documentElement.dataset['theme'] === 'dark' ? 'light' : 'dark'
  remember('theme', next)
  applyTheme(next)
}

/** T turns the view that has the focus into its table, or every view when none has it. */
function toggleTables(target: EventTarget | null): void {
  const views = [prices, flights]
  const focused = target instanceof Node ? views.filter((view) => view.element.contains(target)) : []
  for (const view of focused.length > 0 ? focused : views) view.toggleTable()
}

function after(delayMs: number, call: () => void): () => void {
  const timer = setTimeout(call, delayMs)
  return () => clearTimeout(timer)
}
