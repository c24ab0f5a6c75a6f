import { WindsockError } from '../../../foundation/errors.ts'
import type { ByteReader } from './byte-reader.ts'
import { type Answer, type Api, type ConnectionOptions, type Endpoint, WireConnection } from './connection.ts'
import type { Pieces } from './pieces.ts'

/** The versions of a request that we speak. All of them are flexible. */
export interface SpokenVersions {
  readonly name: string
  readonly key: number
  readonly from: number
  readonly to: number
}

const apiVersions: Api = { name: 'ApiVersions', key: 18, version: 0, isFlexible: false }

/** A connection to a broker that has said which versions of which requests it knows. */
export class BrokerSession {
  private readonly connection: WireConnection
  private readonly known: ReadonlyMap<number, { readonly from: number; readonly to: number }>

  static async open(endpoint: Endpoint, options: ConnectionOptions, pieces: Pieces): Promise<BrokerSession> {
    const connection = await WireConnection.open(endpoint, options, pieces)
    try {
      const answer = await connection.request(apiVersions, Buffer.alloc(0))
      const known = decodeApiVersions(answer.reader)
      answer.release()
      return new BrokerSession(connection, known)
    } catch (error) {
      connection.close()
      throw error
    }
  }

  private constructor(connection: WireConnection, known: BrokerSession['known']) {
    this.connection = connection
    this.known = known
  }

  get isOpen(): boolean {
    return this.connection.isOpen
  }

  /**
   * The newest version that both sides know.
   *
   * @throws WindsockError `broker-refused` where there is none
   */
  choose({ name, key, from, to }: SpokenVersions): Api {
    const theirs = this.known.get(key)
    const version = Math.min(to, theirs?.to ?? -1)
    if (theirs === undefined || version < from || theirs.from > version) {
      const range = theirs === undefined ? 'not at all' : `in versions ${theirs.from} to ${theirs.to}`
      throw new WindsockError(
        'broker-refused',
        `the broker at ${this.connection.address} knows ${name} ${range}, and versions ${from} to ${to} are spoken here`,
        { hint: 'Kafka 2.8 and later will do' },
      )
    }
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
function decodeApiVersions(reader: ByteReader): Map<number, { from: number; to: number }> {
  reader.int16()
  return new Map(
    reader.array((): [number, { from: number; to: number }] => [
      reader.int16(),
      { from: reader.int16(), to: reader.int16() },
    ]),
  )
}
