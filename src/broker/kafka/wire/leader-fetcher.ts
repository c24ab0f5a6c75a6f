import { BrokerSession } from './broker-session.ts'
import type { Answer, ConnectionOptions, Endpoint } from './connection.ts'
import { encodeFetch, type FetchRequest, fetchVersions } from './fetch-request.ts'
import { decodeFetch, type FetchResponse } from './fetch-response.ts'
import type { Pieces } from './pieces.ts'

export interface Fetched {
  readonly answer: Answer
  readonly response: FetchResponse
}

/** Fetches from one leader, one request at a time, over a connection of its own that is opened when it is needed. */
export class LeaderFetcher {
  readonly endpoint: Endpoint
  /** From a request until whoever has the answer takes it up. */
  isBusy = false
  /** Until when the broker wants to be left alone: milliseconds as `performance.now` counts them. */
  quietUntil = 0
  private readonly options: ConnectionOptions
  private readonly pieces: Pieces
  private session: BrokerSession | undefined

  constructor(endpoint: Endpoint, options: ConnectionOptions, pieces: Pieces) {
    this.endpoint = endpoint
    this.options = options
    this.pieces = pieces
  }

  async fetch(request: FetchRequest): Promise<Fetched> {
    const session = this.session?.isOpen === true ? this.session : await this.open()
    const api = session.choose(fetchVersions)
    const answer = await session.request(api, encodeFetch(api, request), request.waitMs)
    try {
      const response = decodeFetch(answer.reader, api.version)
      this.quietUntil = performance.now() + response.throttleMs
      return { answer, response }
    } catch (error) {
      answer.release()
      throw error
    }
  }

  close(): void {
    this.session?.close()
  }

  private async open(): Promise<BrokerSession> {
    const session = await BrokerSession.open(this.endpoint, this.options, this.pieces)
    this.session = session
    return session
  }
}
