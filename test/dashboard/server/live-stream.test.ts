import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { describe, it, type TestContext } from 'node:test'
import { LiveStreams } from '../../../src/dashboard/server/live-stream.ts'
import { pageBacklogBytesMax } from '../../../src/foundation/limits.ts'
import { settle } from '../../pipelines/hand-clock.ts'
import { EventReader } from './event-reader.ts'
import { FakeFeed } from './fake-feed.ts'

interface Scene {
  readonly feed: FakeFeed
  readonly streams: LiveStreams
  /** The server's side of every page, in the order in which they came. */
  readonly responses: ServerResponse[]
  readonly open: () => Promise<EventReader>
}

async function start(t: TestContext): Promise<Scene> {
  const feed = new FakeFeed()
  const streams = new LiveStreams(feed)
  const responses: ServerResponse[] = []
  const server = createServer((_request, response) => {
    responses.push(response)
    streams.add(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const readers: EventReader[] = []
  t.after(() => {
    for (const reader of readers) reader.close()
    server.close()
    server.closeAllConnections()
  })
  return {
    feed,
    streams,
    responses,
    async open() {
      const reader = new EventReader(port)
      readers.push(reader)
      await reader.until(1)
      return reader
    },
  }
}

describe('the live stream', { timeout: 20_000 }, () => {
  it('gives a page a picture first and then every update', async (t) => {
    const { feed, open } = await start(t)
    feed.tell()
    const page = await open()
    feed.tell()
    feed.tell()
    await page.until(3)
    assert.deepEqual(
      page.events.map(({ at, full }) => [at, full]),
      [
        [1, true],
        [2, false],
        [3, false],
      ],
    )
  })

  it('writes an update as text once, whether for one page or for a hundred', async (t) => {
    const { feed, streams, open } = await start(t)
    const pages = await Promise.all(Array.from({ length: 100 }, () => open()))
    assert.equal(streams.count, 100)
    for (let i = 0; i < 5; i++) feed.tell('x'.repeat(1_000))
    await Promise.all(pages.map((page) => page.until(6)))
    for (const page of pages)
      assert.deepEqual(
        page.events.map(({ at }) => at),
        [0, 1, 2, 3, 4, 5],
      )
    assert.deepEqual(feed.written, { updates: 5, pictures: 100 })
  })

  it('gives a page that reads too slowly less, never holds much for it, and lets it catch up by a whole picture', async (t) => {
    const { feed, responses, open } = await start(t)
    const slow = await open()
    const quick = await open()
    slow.socket.pause()
    const bulk = 'x'.repeat(500_000)
    let most = 0
    let told = 0
    // What the system's own buffers take is not ours to say: go on until our side has been full for a while.
    for (let full = 0; full < 30;) {
      feed.tell(bulk)
      told++
      await quick.until(1 + told)
      const held = responses[0]?.writableLength ?? 0
      most = Math.max(most, held)
      if (held > pageBacklogBytesMax) full++
      assert.ok(told < 1_000)
    }
    assert.ok(most <= pageBacklogBytesMax + bulk.length + 1_000, `${most} bytes are held`)
    slow.socket.resume()
    while (!slow.events.slice(1).some(({ full }) => full)) {
      feed.tell()
      told++
      await quick.until(1 + told)
    }
    feed.tell()
    told++
    await quick.until(1 + told)
    while (slow.events.at(-1)?.at !== told) await once(slow.socket, 'data')
    // Updates up to some point, a gap, a picture, and every update from there on.
    const caughtUp = slow.events.findIndex(({ full }, index) => full && index > 0)
    const before = slow.events.slice(0, caughtUp).map(({ at }) => at)
    const after = slow.events.slice(caughtUp)
    assert.deepEqual(
      before,
      before.map((_, index) => index),
    )
    assert.ok((after[0]?.at ?? 0) > before.length)
    assert.deepEqual(
      after.map(({ at }) => at - (after[0]?.at ?? 0)),
      after.map((_, index) => index),
    )
    assert.ok(after.slice(1).every(({ full }) => !full))
    assert.equal(quick.events.length, 1 + told)
  })

  it('forgets pages that have left', async (t) => {
    const { feed, streams, responses, open } = await start(t)
    const page = await open()
    await open()
    page.close()
    await once(responses[0] ?? assert.fail(), 'close')
    assert.equal(streams.count, 1)
    feed.tell()
    await settle()
    assert.equal(streams.count, 1)
  })

  it('ends every page when it is closed, and hears no more of the feed', async (t) => {
    const { feed, streams, open } = await start(t)
    const page = await open()
    const ended = once(page.socket, 'end')
    streams.close()
    assert.deepEqual([streams.count, feed.listeners.size], [0, 0])
    // The connection lives on, the answer does not.
    page.socket.end()
    await ended
    assert.equal(page.events.length, 1)
  })
})
