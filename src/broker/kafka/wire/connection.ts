import { connect as connectPlain, type Socket, type TcpNetConnectOpts } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { WindsockError } from '../../../foundation/errors.ts'
import { ByteReader, MalformedBytes } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import type { Pieces } from './pieces.ts'

/** Larger answers are refused: they would have to be held whole. Brokers have `message.max.bytes` at 1 MB as they come. */
export const answerBytesMax = 134_217_728

/** What is read before the length of an answer is known. The rest goes straight to where it is needed. */
const headBytes = 16_384

/** A request's kind. A flexible version has tags behind its headers; ApiVersions alone is answered without them. */
export interface Api {
  readonly name: string
  readonly key: number
  readonly version: number
  readonly isFlexible: boolean
}

export interface Endpoint {
  readonly host: string
  readonly port: number
}

export interface ConnectionOptions {
  readonly clientId: string
  readonly connectTimeoutMs: number
  /** How long an answer may be silent, beyond what it was allowed to wait. */
  readonly answerTimeoutMs: number
  /** Closes the connection, also while it is being made. */
  readonly signal?: AbortSignal
  /** Left out, the connection is not encrypted. */
  readonly tls?:
    | { readonly ca?: string | Buffer; readonly cert?: string | Buffer; readonly key?: string | Buffer }
    | undefined
}

/** The bytes of an answer, behind its header. They are the asker's until released. */
export interface Answer {
  readonly piece: Uint8Array
  readonly reader: ByteReader
  release(): void
}

interface Waiting {
  readonly api: Api
  readonly correlation: number
  readonly timer: NodeJS.Timeout
  resolve(answer: Answer): void
  reject(error: unknown): void
}

/**
 * A connection to one broker, with one request under way at a time. What the kernel has received is read straight into the
 * piece of memory where the answer is wanted: no buffer is made for it and nothing is copied but the first few kilobytes.
 */
export class WireConnection {
  readonly address: string
  private readonly options: ConnectionOptions
  private readonly pieces: Pieces
  private readonly socket: Socket
  private readonly head = Buffer.allocUnsafeSlow(headBytes)
  private headFilled = 0
  private piece: Uint8Array | undefined
  private pieceFilled = 0
  private answerLength = 0
  private waiting: Waiting | undefined
  private correlations = 0
  private failure: Error | undefined
  private readonly abort = (): void => this.close()

  /** Resolves when it is connected, and encrypted where that is wanted. */
  static async open(endpoint: Endpoint, options: ConnectionOptions, pieces: Pieces): Promise<WireConnection> {
    const connection = new WireConnection(endpoint, options, pieces)
    await connection.connected()
    return connection
  }

  private constructor({ host, port }: Endpoint, options: ConnectionOptions, pieces: Pieces) {
    this.address = `${host}:${port}`
    this.options = options
    this.pieces = pieces
    const onread = { buffer: () => this.place(), callback: (count: number) => this.take(count) }
    const target: TcpNetConnectOpts = { host, port, noDelay: true, onread }
    this.socket =
      options.tls === undefined
        ? connectPlain(target)
        : connectTls({ ...target, ...options.tls, ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }) })
    this.socket.on('error', (error) => this.fail(error))
    options.signal?.addEventListener('abort', this.abort)
    this.socket.on('close', () => this.fail(systemError('ECONNRESET', `${this.address} closed the connection`)))
  }

  get isOpen(): boolean {
    return this.failure === undefined
  }

  /**
   * Asks, and resolves with the answer.
   *
   * @param waitMs how long the broker is allowed to wait before it answers
   * @throws a system error when the connection is gone; WindsockError `record-too-large` for an answer too large to be held;
   * MalformedBytes. After any of them the connection is closed.
   */
  async request(api: Api, body: Uint8Array, waitMs = 0): Promise<Answer> {
    if (this.failure !== undefined) throw this.failure
    if (this.waiting !== undefined) throw new Error('one request is under way already')
    const correlation = ++this.correlations
    const writer = new ByteWriter().int32(0).int16(api.key).int16(api.version).int32(correlation)
    writer.string(this.options.clientId)
    if (api.isFlexible) writer.noTags()
    const message = writer.raw(body).finish()
    message.writeInt32BE(message.length - 4, 0)
    const answer = new Promise<Answer>((resolve, reject) => {
      const timeoutMs = waitMs + this.options.answerTimeoutMs
      const timer = setTimeout(() => this.fail(systemError('ETIMEDOUT', `${this.address} is silent`)), timeoutMs)
      this.waiting = { api, correlation, timer, resolve, reject }
    })
    this.socket.write(message)
    return answer
  }

  close(): void {
    this.fail(systemError('ECONNABORTED', 'the connection was closed'))
  }

  private async connected(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const late = systemError('ETIMEDOUT', `${this.address} does not take the connection`)
    const timer = setTimeout(() => this.fail(late), this.options.connectTimeoutMs)
    this.socket.once(this.options.tls === undefined ? 'connect' : 'secureConnect', resolve)
    this.socket.once('close', () => reject(this.failure ?? late))
    try {
      await promise
    } finally {
      clearTimeout(timer)
    }
  }

  /** Where the next bytes go. */
  private place(): Buffer | Uint8Array {
    if (this.piece === undefined) return this.head.subarray(this.headFilled)
    return this.piece.subarray(this.pieceFilled, this.answerLength)
  }

  /** So many bytes more have come. */
  private take(count: number): boolean {
    try {
      this.waiting?.timer.refresh()
      if (this.piece === undefined) this.takeHead(count)
      else this.pieceFilled += count
      if (this.piece !== undefined && this.pieceFilled === this.answerLength) this.finish(this.piece)
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)))
    }
    return this.isOpen
  }

  private takeHead(count: number): void {
    this.headFilled += count
    if (this.headFilled < 4) return
    const length = this.head.readInt32BE(0)
    if (length < 4) throw new MalformedBytes(`${this.address} sends an answer of ${length} bytes`)
    if (length > answerBytesMax) {
      const what = `${this.waiting?.api.name}: ${this.address} sends ${length} bytes at once, more than ${answerBytesMax}`
      throw new WindsockError('record-too-large', what, { hint: 'A record batch of that size cannot be read' })
    }
    if (this.headFilled - 4 > length) throw new MalformedBytes(`${this.address} sends more than was asked for`)
    this.answerLength = length
    this.piece = this.pieces.take(length)
    this.piece.set(this.head.subarray(4, this.headFilled))
    this.pieceFilled = this.headFilled - 4
    this.headFilled = 0
  }

  private finish(piece: Uint8Array): void {
    const { waiting } = this
    if (waiting === undefined) throw new MalformedBytes(`${this.address} sends what nobody asked for`)
    const reader = new ByteReader(piece, 0, this.answerLength)
    const correlation = reader.int32()
    if (correlation !== waiting.correlation) {
      throw new MalformedBytes(`${this.address} answers request ${correlation} instead of ${waiting.correlation}`)
    }
    if (waiting.api.isFlexible) reader.tags()
    clearTimeout(waiting.timer)
    this.waiting = undefined
    this.piece = undefined
    this.pieceFilled = 0
    waiting.resolve({ piece, reader, release: () => this.pieces.giveBack(piece) })
  }

  private fail(error: Error): void {
    if (this.failure !== undefined) return
    this.failure = error
    this.options.signal?.removeEventListener('abort', this.abort)
    this.socket.destroy()
    if (this.piece !== undefined) this.pieces.giveBack(this.piece)
    this.piece = undefined
    if (this.waiting === undefined) return
    clearTimeout(this.waiting.timer)
    this.waiting.reject(error)
    this.waiting = undefined
  }
}

function systemError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
