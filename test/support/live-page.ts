import type { LiveTable, LiveUpdate, SystemStatus } from '../../src/model/live.ts'
import { until } from './until.ts'

/** What a page would hold: it listens at `/live` as one does. */
export interface LivePage {
  readonly updates: readonly LiveUpdate[]
  system(): SystemStatus
  /** Rows that have arrived of a table since update number `from`. */
  rowsOf(table: LiveTable, from?: number): number
  close(): Promise<void>
}

const updatesMax = 20_000

/** Connects, and resolves with the first picture. */
export async function openLivePage(url: string): Promise<LivePage> {
  const abort = new AbortController()
  const response = await fetch(new URL('live', url), { signal: abort.signal })
  if (!response.ok || response.body === null) throw new Error(`${url}live answers ${response.status}`)
  const updates: LiveUpdate[] = []
  const listening = listen(response.body, updates).catch(() => {}) // the server's end is the listener's, too
  await until('the first picture of the page', () => updates.length > 0)
  return {
    updates,
    system() {
      const newest = updates.at(-1)
      if (newest === undefined) throw new Error('the page has no picture')
      return newest.system
    },
    rowsOf(table, from = 0) {
      let rows = 0
      for (const { tables } of updates.slice(from)) rows += Object.values(tables[table]?.columns ?? {})[0]?.length ?? 0
      return rows
    },
    async close() {
      abort.abort()
      await listening
    },
  }
}

async function listen(body: ReadableStream<Uint8Array>, updates: LiveUpdate[]): Promise<void> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true })
    const events = text.split('\n\n')
    text = events.pop() ?? ''
    for (const event of events) {
      const data = event.split('\n').find((line) => line.startsWith('data: '))
      if (data === undefined || updates.length >= updatesMax) continue
      const update: LiveUpdate = JSON.parse(data.slice('data: '.length))
      updates.push(update)
    }
  }
}
