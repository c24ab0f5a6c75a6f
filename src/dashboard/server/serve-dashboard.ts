import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { systemCode, WindsockError } from '../../foundation/errors.ts'
import type { LiveFeed } from '../../pipelines/follow-results.ts'
import { LiveStreams } from './live-stream.ts'
import { readPageFiles, type PageFile } from './page-files.ts'

export interface DashboardOptions {
  readonly feed: LiveFeed
  /** The folder with the page's files. */
  readonly pageFolder: string
  /** 0 chooses a free one. */
  readonly port: number
  /** Begins the recorded data anew; left out, the page does not offer it. */
  readonly playAgain?: () => void
}

export interface Dashboard {
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

const host = '127.0.0.1'

const securityHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/**
 * Serves the page and its one live connection on the loopback interface.
 *
 * @throws WindsockError `port-in-use`
 */
export async function serveDashboard(options: DashboardOptions): Promise<Dashboard> {
  const files = await readPageFiles(options.pageFolder)
  const streams = new LiveStreams(options.feed)
  const server = createServer((request, response) => answer(request, response, files, streams, options.playAgain))
  const port = await listen(server, options.port).catch((error: unknown) => {
    streams.close()
    throw error
  })
  return {
    url: `http://${host}:${port}/`,
    port,
    async close() {
      streams.close()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const isTaken = systemCode(error) === 'EADDRINUSE'
      reject(
        isTaken
          ? new WindsockError('port-in-use', `port ${port} on ${host} is in use`, {
              hint: 'Choose another with --port N, or a free one with --port 0',
            })
          : error,
      )
    })
    server.listen(port, host, resolve)
  })
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  files: ReadonlyMap<string, PageFile>,
  streams: LiveStreams,
  playAgain: (() => void) | undefined,
): void {
  for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value)
  const refuse = (code: number, reason: string): void => {
    response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' }).end(`${reason}\n`)
  }
  // A page of another site may name our address, but not with a host name of ours nor with a header of its own.
  if (!isLocalHost(request.headers.host)) return refuse(421, 'This server answers to 127.0.0.1 and localhost only')
  const path = (request.url ?? '/').split('?')[0] ?? '/'
  if (request.method === 'POST' && path === '/play-again') {
    if (playAgain === undefined) return refuse(404, 'Nothing here can be played again')
    if (request.headers['x-windsock'] !== '1') return refuse(403, 'This takes the header x-windsock: 1')
    playAgain()
    response.writeHead(202).end()
    return
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405, 'Only GET is answered here')
  if (path === '/live') return streams.add(response)
  if (path === '/healthz') return refuse(200, 'ok')
  const file = files.get(path)
  if (file === undefined) return refuse(404, 'There is no such page')
  response.writeHead(200, {
    'content-type': file.type,
    'content-length': file.body.length,
    'cache-control': 'no-cache',
  })
  response.end(request.method === 'HEAD' ? undefined : file.body)
}

function isLocalHost(header: string | undefined): boolean {
  return /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/i.test(header ?? '')
}
