import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { type IncomingHttpHeaders, request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { type Dashboard, serveDashboard } from '../../../src/dashboard/server/serve-dashboard.ts'
import { temporaryFolder } from '../../pipelines/temporary-folder.ts'
import { EventReader } from './event-reader.ts'
import { FakeFeed } from './fake-feed.ts'

interface Scene {
  readonly dashboard: Dashboard
  readonly feed: FakeFeed
  readonly pageFolder: string
  /** How often it was played again. */
  readonly plays: () => number
}

async function start(t: TestContext, canPlayAgain = true): Promise<Scene> {
  const pageFolder = temporaryFolder(t)
  writeFileSync(join(pageFolder, 'index.html'), '<!doctype html>')
  writeFileSync(join(pageFolder, 'page.js'), 'start()')
  const feed = new FakeFeed()
  let plays = 0
  const playAgain = canPlayAgain ? { playAgain: () => void plays++ } : {}
  const dashboard = await serveDashboard({ feed, pageFolder, port: 0, ...playAgain })
  t.after(() => dashboard.close())
  return { dashboard, feed, pageFolder, plays: () => plays }
}

interface Answer {
  readonly code: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Asks with the path and the headers just as they are given, which `fetch` would not. */
async function ask(port: number, path: string, method = 'GET', headers: Record<string, string> = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const asked = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
    let body = ''
    response.setEncoding('utf8')
    response.on('data', (piece: string) => (body += piece))
    response.on('end', () => resolve({ code: response.statusCode ?? 0, headers: response.headers, body }))
  })
  asked.on('error', reject)
  asked.end()
  return promise
}

/** Sends a text as it is and gives the first line of the answer. */
async function tellRaw(port: number, text: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect(port, '127.0.0.1', () => socket.write(text))
  socket.once('data', (bytes) => resolve(bytes.toString().split('\r\n')[0] ?? ''))
  socket.once('error', reject)
  const line = await promise
  socket.destroy()
  return line
}

describe('the dashboard server', { timeout: 20_000 }, () => {
  it('serves the files of the page on a free port of the loopback interface', async (t) => {
    const { dashboard } = await start(t)
    const { port, url } = dashboard
    assert.ok(port > 0)
    assert.equal(url, `http://127.0.0.1:${port}/`)
    for (const path of ['/', '/index.html', '/?a=1']) {
      const { code, headers, body } = await ask(port, path)
      assert.deepEqual([code, headers['content-type'], body], [200, 'text/html; charset=utf-8', '<!doctype html>'])
    }
    const script = await ask(port, '/page.js')
    assert.deepEqual([script.headers['content-type'], script.body], ['text/javascript; charset=utf-8', 'start()'])
    const head = await ask(port, '/page.js', 'HEAD')
    assert.deepEqual([head.code, head.headers['content-length'], head.body], [200, '7', ''])
    assert.deepEqual(await ask(port, '/healthz').then(({ code, body }) => [code, body]), [200, 'ok\n'])
  })

  it('lets nothing run or load in the page but what comes from itself, whatever the answer', async (t) => {
    const { dashboard } = await start(t)
    const answers = [
      await ask(dashboard.port, '/'),
      await ask(dashboard.port, '/nowhere'),
      await ask(dashboard.port, '/', 'GET', { host: 'evil.example' }),
      await ask(dashboard.port, '/', 'DELETE'),
    ]
    for (const { headers } of answers) {
      const policy = headers['content-security-policy'] ?? ''
      const rules = Object.fromEntries(
        String(policy)
          .split('; ')
          .map((rule) => [rule.split(' ')[0] ?? '', rule.split(' ').slice(1).join(' ')]),
      )
      assert.deepEqual(rules, {
        'default-src': "'none'",
        'script-src': "'self'",
        'style-src': "'self'",
        'img-src': "'self' data:",
        'connect-src': "'self'",
        'base-uri': "'none'",
        'form-action': "'none'",
        'frame-ancestors': "'none'",
      })
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['access-control-allow-origin'], undefined)
    }
  })

  it('answers to names of this machine only', async (t) => {
    const { dashboard, plays } = await start(t)
    const { port } = dashboard
    for (const host of ['127.0.0.1', `127.0.0.1:${port}`, 'localhost', `LOCALHOST:${port}`, `[::1]:${port}`]) {
      assert.equal((await ask(port, '/', 'GET', { host })).code, 200, host)
    }
    for (const host of [
      'evil.example',
      '127.0.0.1.evil.example',
      'localhost.evil.example:80',
      'x@127.0.0.1',
      '127.0.0.1:80:80',
    ]) {
      assert.equal((await ask(port, '/', 'GET', { host })).code, 421, host)
      assert.equal((await ask(port, '/live', 'GET', { host })).code, 421, host)
      assert.equal((await ask(port, '/play-again', 'POST', { host, 'x-windsock': '1' })).code, 421, host)
    }
    for (const head of [
      'GET / HTTP/1.0',
      'GET / HTTP/1.1\r\nhost:',
      'GET http://localhost/ HTTP/1.1\r\nhost: evil.example',
    ]) {
      assert.equal(await tellRaw(port, `${head}\r\n\r\n`), 'HTTP/1.1 421 Misdirected Request')
    }
    assert.equal(plays(), 0)
  })

  it('serves nothing from outside of the folder', async (t) => {
    const { dashboard, pageFolder } = await start(t)
    const paths = [
      '/../../../../etc/passwd',
      '/..%2f..%2fetc%2fpasswd',
      '/%2e%2e/%2e%2e/etc/passwd',
      '//etc/passwd',
      '/./page.js',
      '/styles/../page.js',
      '/page.js/',
      '/PAGE.JS',
      '/page.js%00',
      '/__proto__',
      '/constructor',
      `/${pageFolder}/page.js`,
    ]
    for (const path of paths) {
      const { code, body } = await ask(dashboard.port, path)
      assert.deepEqual([code, body], [404, 'There is no such page\n'], path)
    }
    const answer = await tellRaw(dashboard.port, 'GET ../../etc/passwd HTTP/1.1\r\nhost: localhost\r\n\r\n')
    assert.equal(answer, 'HTTP/1.1 400 Bad Request')
  })

  it('plays again when it is asked by POST with its own header, which no other site can send', async (t) => {
    const { dashboard, plays } = await start(t)
    const { port } = dashboard
    assert.equal((await ask(port, '/play-again', 'POST')).code, 403)
    assert.equal((await ask(port, '/play-again', 'POST', { 'x-windsock': '0' })).code, 403)
    assert.equal((await ask(port, '/play-again', 'POST', { 'content-type': 'text/plain' })).code, 403)
    assert.equal((await ask(port, '/play-again', 'GET', { 'x-windsock': '1' })).code, 404)
    assert.equal((await ask(port, '/play-again', 'OPTIONS', { 'x-windsock': '1' })).code, 405)
    assert.equal((await ask(port, '/play-again/', 'POST', { 'x-windsock': '1' })).code, 405)
    assert.equal(plays(), 0)
    assert.equal((await ask(port, '/play-again', 'POST', { 'x-windsock': '1' })).code, 202)
    assert.equal(plays(), 1)
  })

  it('has nothing to play again where nobody said how', async (t) => {
    const { dashboard } = await start(t, false)
    assert.equal((await ask(dashboard.port, '/play-again', 'POST', { 'x-windsock': '1' })).code, 404)
  })

  it('answers GET and HEAD only', async (t) => {
    const { dashboard } = await start(t)
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      assert.equal((await ask(dashboard.port, '/', method)).code, 405, method)
    }
  })

  it('streams the feed to whoever asks for it, and says of the stream what a HEAD may know', async (t) => {
    const { dashboard, feed } = await start(t)
    const page = new EventReader(dashboard.port)
    t.after(() => page.close())
    await page.until(1)
    feed.tell()
    await page.until(2)
    assert.deepEqual(
      page.events.map(({ full }) => full),
      [true, false],
    )
    const head = await ask(dashboard.port, '/live', 'HEAD')
    assert.deepEqual([head.code, head.headers['content-type'], head.body], [200, 'text/event-stream', ''])
  })

  it('says port-in-use where another has the port, and leaves no trace', async (t) => {
    const { dashboard, pageFolder } = await start(t)
    const feed = new FakeFeed()
    await assert.rejects(serveDashboard({ feed, pageFolder, port: dashboard.port }), {
      name: 'WindsockError',
      code: 'port-in-use',
      message: `port ${dashboard.port} on 127.0.0.1 is in use`,
      hint: 'Choose another with --port N, or a free one with --port 0',
    })
    assert.equal(feed.listeners.size, 0)
  })

  it('closes at once, though a page does not read, and gives its port back', async (t) => {
    const { dashboard, feed, pageFolder } = await start(t)
    const page = new EventReader(dashboard.port)
    t.after(() => page.close())
    await page.until(1)
    const stuck = new EventReader(dashboard.port)
    t.after(() => stuck.close())
    await stuck.until(1)
    stuck.socket.pause()
    feed.tell('x'.repeat(50_000_000)) // more than any buffer of the system takes
    await dashboard.close()
    assert.equal(feed.listeners.size, 0)
    const next = await serveDashboard({ feed, pageFolder, port: dashboard.port })
    assert.equal(next.port, dashboard.port)
    await next.close()
  })
})
