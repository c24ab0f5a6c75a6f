import assert from 'node:assert/strict'
import { createServer, type Server, type Socket } from 'node:net'
import { after, describe, it } from 'node:test'
import { MalformedBytes } from '../../../../src/broker/kafka/wire/byte-reader.ts'
import { answerBytesMax, type ConnectionOptions, WireConnection } from '../../../../src/broker/kafka/wire/connection.ts'
import { Pieces } from '../../../../src/broker/kafka/wire/pieces.ts'

const api = { name: 'Fetch', key: 1, version: 17, isFlexible: true }
const servers: Server[] = []
const sockets: Socket[] = []
after(() => {
  for (const server of servers) server.close()
  for (const socket of sockets) socket.destroy()
})

/** A broker that answers as it is told; its answers may come in any number of pieces. */
async function connectTo(
  answer: (socket: Socket, correlation: number) => void,
  options: Partial<ConnectionOptions> = {},
  pieces = new Pieces(undefined, 100_000),
): Promise<WireConnection> {
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.on('data', (bytes) => answer(socket, bytes.readInt32BE(8)))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  const settings = { clientId: 'test', connectTimeoutMs: 1_000, answerTimeoutMs: 1_000, ...options }
  return WireConnection.open({ host: '127.0.0.1', port: address.port }, settings, pieces)
}

async function connectToOneThatSends(bytes: (correlation: number) => Buffer): Promise<WireConnection> {
  return connectTo((socket, correlation) => socket.write(bytes(correlation)))
}

/** Length, correlation id, no tags, then the body. */
function framed(correlation: number, body: Buffer): Buffer {
  const head = Buffer.alloc(9)
  head.writeInt32BE(body.length + 5, 0)
  head.writeInt32BE(correlation, 4)
  return Buffer.concat([head, body])
}

describe('a connection', () => {
  it('puts an answer together, however it is cut', async () => {
    const body = Buffer.from(Array.from({ length: 70_000 }, (_, i) => i % 251))
    for (const cut of [1, 3, 4, 9, 16_384, 16_385, 50_000, 70_009]) {
      const connection = await connectTo((socket, correlation) => {
        const bytes = framed(correlation, body)
        socket.setNoDelay(true)
        socket.write(bytes.subarray(0, cut))
        setTimeout(() => socket.write(bytes.subarray(cut)), 10)
      })
      for (let round = 0; round < 2; round++) {
        const { piece, reader, release } = await connection.request(api, Buffer.of(1, 2, 3))
        const start = reader.at
        assert.ok(body.equals(piece.subarray(start, start + body.length)), `cut at ${cut}`)
        release()
      }
      connection.close()
    }
  })

  it('uses the memory of an answer again, and gives up what is larger than is kept', async () => {
    const pieces = new Pieces(undefined, 100_000)
    const sizes = [50_000, 60_000, 90_000, 500_000, 40_000]
    const connection = await connectTo(
      (socket, correlation) => socket.write(framed(correlation, Buffer.alloc(sizes[correlation - 1] ?? 0))),
      {},
      pieces,
    )
    const used: Uint8Array[] = []
    for (const _ of sizes) {
      const { piece, release } = await connection.request(api, Buffer.alloc(0))
      used.push(piece)
      release()
    }
    connection.close()
    const [first, second, third, fourth, fifth] = used
    assert.equal(first, second)
    assert.equal(third, fifth)
    assert.ok((third?.length ?? 0) <= 100_000 && (fourth?.length ?? 0) >= 500_000)
  })

  it('gives up a broker that is silent, and says so to whoever asks later', async () => {
    const connection = await connectTo(() => {}, { answerTimeoutMs: 60 })
    await assert.rejects(connection.request(api, Buffer.alloc(0), 20), { code: 'ETIMEDOUT' })
    assert.equal(connection.isOpen, false)
    await assert.rejects(connection.request(api, Buffer.alloc(0)), { code: 'ETIMEDOUT' })
  })

  it('waits on for an answer that keeps coming', async () => {
    const connection = await connectTo(
      (socket, correlation) => {
        const bytes = framed(correlation, Buffer.alloc(8))
        for (const [i, byte] of bytes.entries()) setTimeout(() => socket.write(Buffer.of(byte)), 100 * i)
      },
      { answerTimeoutMs: 1_000 }, // less than all of it takes, and far more than a pause between two bytes
    )
    const { release } = await connection.request(api, Buffer.alloc(0))
    release()
    connection.close()
  })

  it('fails what is under way when the broker closes, or when it is aborted', async () => {
    const closing = await connectTo((socket, correlation) => {
      socket.write(framed(correlation, Buffer.alloc(100)).subarray(0, 50))
      setTimeout(() => socket.destroy(), 20)
    })
    await assert.rejects(closing.request(api, Buffer.alloc(0)), { code: 'ECONNRESET' })
    const abort = new AbortController()
    const aborted = await connectTo(() => {}, { signal: abort.signal })
    setTimeout(() => abort.abort(), 20)
    await assert.rejects(aborted.request(api, Buffer.alloc(0)), { code: 'ECONNABORTED' })
  })

  it('refuses what is no answer to its question', async () => {
    const other = await connectToOneThatSends((correlation) => framed(correlation + 1, Buffer.alloc(4)))
    await assert.rejects(other.request(api, Buffer.alloc(0)), MalformedBytes)
    const more = await connectToOneThatSends((correlation) =>
      Buffer.concat([framed(correlation, Buffer.alloc(4)), Buffer.alloc(1)]),
    )
    await assert.rejects(more.request(api, Buffer.alloc(0)), MalformedBytes)
    const negative = await connectToOneThatSends(() => Buffer.alloc(4, 0xff))
    await assert.rejects(negative.request(api, Buffer.alloc(0)), MalformedBytes)
    const large = Buffer.alloc(4)
    large.writeInt32BE(answerBytesMax + 1, 0)
    const tooLarge = await connectToOneThatSends(() => large)
    await assert.rejects(tooLarge.request(api, Buffer.alloc(0)), { code: 'record-too-large' })
  })

  it('says where nobody listens', async () => {
    const settings = { clientId: 'test', connectTimeoutMs: 1_000, answerTimeoutMs: 1_000 }
    const closed = await connectTo(() => {})
    const port = Number(closed.address.split(':')[1])
    closed.close()
    const server = servers.pop()
    await new Promise((resolve) => server?.close(resolve))
    const opening = WireConnection.open({ host: '127.0.0.1', port }, settings, new Pieces(undefined, 0))
    await assert.rejects(opening, { code: 'ECONNREFUSED' })
  })
})
