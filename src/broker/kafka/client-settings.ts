import type { Credentials } from './wire/authenticate.ts'
import type { TlsOptions } from './wire/connection.ts'

/** Where a cluster is. */
export interface KafkaOptions {
  /** `host:port` of one broker or more. */
  readonly brokers: readonly string[]
  /** How the records that are sent are compressed; `none` when left out. */
  readonly compression?: Compression
  /** Left out, connections are not encrypted. */
  readonly tls?: TlsOptions
  /** Left out, nobody asks who we are. */
  readonly sasl?: Credentials
}

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** What every connection of ours has. Retries are chosen by who uses it: for ever where data moves, none for a probe. */
export function connectionSettings({ brokers, tls, sasl }: KafkaOptions, name: string, retries: boolean) {
  return {
    clientId: `windsock-${name}`,
    bootstrapBrokers: [...brokers],
    connectTimeout: 3_000,
    requestTimeout: 10_000,
    retries,
    retryDelay: (_client: object, _operation: string, attempt: number) => Math.min(1_000, 50 * 2 ** attempt),
    // A restarted broker of our own may come back on another port, and a leader may move.
    metadataMaxAge: 30_000,
    autocreateTopics: false,
    ...(tls === undefined ? {} : { tls: { ...tls }, tlsServerName: true }),
    ...(sasl === undefined ? {} : { sasl: { ...sasl } }),
  }
}

/** What a connection of a reader's own has. */
export function wireSettings(options: KafkaOptions, name: string, signal: AbortSignal) {
  const { clientId, connectTimeout, requestTimeout } = connectionSettings(options, name, false)
  return {
    clientId,
    connectTimeoutMs: connectTimeout,
    answerTimeoutMs: requestTimeout,
    signal,
    tls: options.tls,
    sasl: options.sasl,
  }
}

/** For how long a member may hand over what it had. */
export const groupSettings = { rebalanceTimeoutMs: 30_000 } as const
