import type { ServerResponse } from 'node:http'
import { pageBacklogBytesMax } from '../../foundation/limits.ts'
import type { LiveUpdate } from '../../model/live.ts'
import type { LiveFeed } from '../../pipelines/follow-results.ts'

/**
 * Sends the feed to pages as server-sent events. Every update is written as text once, whatever the number of pages. A page
 * that reads too slowly gets no more until it has caught up, and then one whole picture instead of what it missed.
 */
export class LiveStreams {
  private readonly feed: LiveFeed
  private readonly pages = new Set<Page>()
  private readonly unsubscribe: () => void

  constructor(feed: LiveFeed) {
    this.feed = feed
    this.unsubscribe = feed.subscribe((update) => this.tell(update))
  }

  get count(): number {
    return this.pages.size
  }

  add(response: ServerResponse): void {
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    if (response.req.method === 'HEAD') return void response.end()
    const page = { response, isBehind: false }
    this.pages.add(page)
    response.on('close', () => this.pages.delete(page))
    response.write(toEvent(this.feed.picture()))
  }

  close(): void {
    this.unsubscribe()
    for (const { response } of this.pages) response.end()
    this.pages.clear()
  }

  private tell(update: LiveUpdate): void {
    let delta: string | undefined
    let picture: string | undefined
    for (const page of this.pages) {
      const { response } = page
      if (response.writableLength > pageBacklogBytesMax) {
        page.isBehind = true
      } else if (page.isBehind) {
        if (response.writableLength > 0) continue
        page.isBehind = false
        response.write((picture ??= toEvent(this.feed.picture())))
      } else {
        response.write((delta ??= toEvent(update)))
      }
    }
  }
}

interface Page {
  readonly response: ServerResponse
  isBehind: boolean
}

function toEvent(update: LiveUpdate): string {
  return `event: update\ndata: ${JSON.stringify(update)}\n\n`
}
