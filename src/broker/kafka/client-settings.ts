/** Where a cluster is. */
export interface KafkaOptions {
  /** `host:port` of one broker or more. */
  readonly brokers: readonly string[]
  /** How the records that are sent are compressed; `none` when left out. */
  readonly compression?: Compression
}

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** What every connection of ours has. Retries are chosen by who uses it: for ever where data moves, none for a probe. */
export function connectionSettings({ brokers }: KafkaOptions, name: string, retries: boolean) {
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
  }
}

/** What a connection of a reader's own has. */
export function wireSettings(options: KafkaOptions, name: string, signal: AbortSignal) {
  const { clientId, connectTimeout, requestTimeout } = connectionSettings(options, name, false)
  return { clientId, connectTimeoutMs: connectTimeout, answerTimeoutMs: requestTimeout, signal }
}

/** The session outlasts a broker's restart; the heartbeat is what a fenced member learns it from. */
export const groupSettings = { sessionTimeoutMs: 30_000, rebalanceTimeoutMs: 30_000, heartbeatMs: 1_000 } as const
