import type { LiveUpdate } from '../../model/live.ts'

/** The page's one connection to its server. It never gives up: what is lost is tried again, and the wait is said. */
export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected' }
  /** `nextTryAt` is null while a try is under way. */
  | { readonly kind: 'lost'; readonly since: number; readonly nextTryAt: number | null }

export interface LiveConnection {
  /** Does not wait for the next try. Nothing when connected. */
  tryNow(): void
  close(): void
}

/** The part of an EventSource that is used. */
export interface UpdateSource {
  onUpdate(take: (text: string) => void): void
  onError(take: () => void): void
  close(): void
}

export interface LiveOptions {
  readonly open: () => UpdateSource
  readonly now: () => number
  /** Calls later, once; returns what takes the call back. */
  readonly after: (delayMs: number, call: () => void) => () => void
  readonly onUpdate: (update: LiveUpdate) => void
  readonly onConnection: (connection: Connection) => void
}

export const firstWaitMs = 500
export const waitMsMax = 5_000
/** The server speaks at least once a second: five of them missed is a lost connection, whatever the socket says. */
export const silenceMsMax = 5_000

export function connectLive(options: LiveOptions): LiveConnection {
  let connection: Connection = { kind: 'connecting' }
  let source: UpdateSource | undefined
  let waitMs = firstWaitMs
  let cancelTimer: (() => void) | undefined
  let isClosed = false
  let lastHeardAt = options.now()

  function enter(next: Connection): void {
    connection = next
    options.onConnection(next)
  }

  function open(): void {
    cancelTimer?.()
    source?.close()
    const opened = options.open()
    source = opened
    cancelTimer = options.after(silenceMsMax, lose)
    // A closed source may still have events under way; only the current one is heard.
    opened.onUpdate((text) => {
      if (source === opened) take(text)
    })
    opened.onError(() => {
      if (source === opened) lose()
    })
  }

  function take(text: string): void {
    let update: LiveUpdate
    try {
      update = parseLiveUpdate(text)
    } catch {
      // What follows would build on rows that were not understood; a new connection begins with the full picture.
      lose()
      return
    }
    lastHeardAt = options.now()
    cancelTimer?.()
    cancelTimer = options.after(silenceMsMax, lose)
    waitMs = firstWaitMs
    if (connection.kind !== 'connected') enter({ kind: 'connected' })
    options.onUpdate(update)
  }

  function lose(): void {
    if (isClosed) return
    cancelTimer?.()
    source?.close()
    source = undefined
    const since = connection.kind === 'lost' ? connection.since : lastHeardAt
    const nextTryAt = options.now() + waitMs
    cancelTimer = options.after(waitMs, retry)
    waitMs = Math.min(waitMsMax, waitMs * 2)
    enter({ kind: 'lost', since, nextTryAt })
  }

  function retry(): void {
    if (isClosed || connection.kind === 'connected') return
    if (connection.kind === 'lost') enter({ ...connection, nextTryAt: null })
    open()
  }

  open()
  return {
    tryNow: retry,
    close() {
      isClosed = true
      cancelTimer?.()
      source?.close()
      source = undefined
    },
  }
}

/** Throws on anything that is not an update; rows are looked at when they are folded. */
export function parseLiveUpdate(text: string): LiveUpdate {
  const value: unknown = JSON.parse(text)
  if (!isLiveUpdate(value)) throw new TypeError('an update needs at, full, tables and system')
  return value
}

function isLiveUpdate(value: unknown): value is LiveUpdate {
  if (typeof value !== 'object' || value === null) return false
  if (!('at' in value && 'full' in value && 'tables' in value && 'system' in value)) return false
  return typeof value.at === 'number' && isObject(value.tables) && isObject(value.system)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
