import type { ByteReader } from './byte-reader.ts'
import { authenticate, type Credentials } from './authenticate.ts'
import { type Answer, type Api, type ConnectionOptions, type Endpoint, WireConnection } from './connection.ts'
import type { Pieces } from './pieces.ts'
import { newestCommon, type OfferedVersions, type SpokenVersions } from './spoken-versions.ts'

const apiVersions: Api = { name: 'ApiVersions', key: 18, version: 0, isFlexible: false }

export interface SessionOptions extends ConnectionOptions {
  /** Left out, nobody asks who we are. */
  readonly sasl?: Credentials | undefined
}

/** A connection to a broker that has let us in and has said which versions of which requests it knows. */
export class BrokerSession {
  private readonly connection: WireConnection
  private readonly known: ReadonlyMap<number, OfferedVersions>

  private readonly endsAt: number

  static async open(endpoint: Endpoint, options: SessionOptions, pieces: Pieces): Promise<BrokerSession> {
    const connection = await WireConnection.open(endpoint, options, pieces)
    try {
      const answer = await connection.request(apiVersions, Buffer.alloc(0))
      const known = decodeApiVersions(answer.reader)
      answer.release()
      const lifetimeMs = options.sasl === undefined ? 0 : await authenticate(connection, options.sasl)
      return new BrokerSession(connection, known, lifetimeMs)
    } catch (error) {
      connection.close()
      throw error
    }
  }

  private constructor(connection: WireConnection, known: BrokerSession['known'], lifetimeMs: number) {
    this.connection = connection
    this.known = known
    // Well before the broker closes it, so that no request is cut off.
    this.endsAt = lifetimeMs === 0 ? Infinity : performance.now() + 0.8 * lifetimeMs
  }

  /** Whether it may be asked; one whose time is nearly over is to be closed, and another one opened. */
  get isOpen(): boolean {
    return this.connection.isOpen && performance.now() < this.endsAt
  }

  /**
   * The newest version that both sides know.
   *
   * @throws WindsockError `broker-refused` where there is none
   */
  choose(spoken: SpokenVersions): Api {
    const { name, key } = spoken
    const version = newestCommon(`the broker at ${this.connection.address}`, spoken, this.known.get(key))
    return { name, key, version, isFlexible: true }
  }

  request(api: Api, body: Uint8Array, waitMs?: number): Promise<Answer> {
    return this.connection.request(api, body, waitMs)
  }

  close(): void {
    this.connection.close()
  }
}

/*
  ApiVersions Response (Version: 0) => error_code [api_keys]
    error_code => INT16
    api_keys => api_key min_version max_version
      api_key => INT16
      min_version => INT16
      max_version => INT16
*/
function decodeApiVersions(reader: ByteReader): Map<number, OfferedVersions> {
  reader.int16()
  return new Map(
    reader.array((): [number, OfferedVersions] => [reader.int16(), { from: reader.int16(), to: reader.int16() }]),
  )
}
