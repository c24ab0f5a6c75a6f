import { apiVersionsV3, Connection, consumerGroupDescribeV0, findCoordinatorV4, metadataV11 } from '@platformatic/kafka'
import { WindsockError } from '../../../foundation/errors.ts'
import { connectionSettings, type KafkaOptions } from '../client-settings.ts'
import { isTransient, isUnknownTopic, protocolIds } from '../kafka-errors.ts'

const groupKeys = 0
const consumerGroupHeartbeatKey = 68

/** One connection to the broker that keeps a group, made when it is needed. Forget it, and it is found anew. */
export class Coordinator {
  private readonly options: KafkaOptions
  private readonly group: string
  private connection: Connection | undefined
  private connecting: Promise<Connection> | undefined
  private isClosed = false

  constructor(options: KafkaOptions, group: string) {
    this.options = options
    this.group = group
  }

  async connect(): Promise<Connection> {
    if (this.connection?.isConnected() === true) return this.connection
    this.connecting ??= this.openCoordinator().finally(() => {
      this.connecting = undefined
    })
    return this.connecting
  }

  /** Another broker is the coordinator, or this one does not answer. */
  forget(): void {
    const gone = this.connection
    this.connection = undefined
    gone?.close().catch(() => {})
  }

  /**
   * Whether the cluster has KIP-848 groups whose members name themselves: from 4.0 on, unless it is switched off, as in a
   * cluster that was upgraded and whose features were not. Such a broker still names the requests, and refuses them.
   */
  async hasConsumerGroups(): Promise<boolean> {
    const connection = await this.connect()
    const { apiKeys } = await apiVersionsV3.api.async(connection, 'windsock', '0')
    const knows = apiKeys.some(({ apiKey, maxVersion }) => apiKey === consumerGroupHeartbeatKey && maxVersion >= 1)
    if (!knows) return false
    try {
      await consumerGroupDescribeV0.api.async(connection, [this.group], false)
      return true
    } catch (error) {
      const ids = protocolIds(error)
      if (ids.includes('UNSUPPORTED_VERSION')) return false
      if (ids.length === 0 || isTransient(error)) throw error
      return true // whatever else is wrong with this group, such as that it is not there yet
    }
  }

  /** @throws WindsockError `topic-missing` */
  async describeTopic(name: string): Promise<{ readonly id: string; readonly partitions: number }> {
    try {
      const { topics } = await metadataV11.api.async(await this.connect(), [name], false, false)
      const found = topics[0]
      if (found !== undefined) return { id: found.topicId, partitions: found.partitions.length }
    } catch (error) {
      if (!isUnknownTopic(error) && !protocolIds(error).includes('UNKNOWN_TOPIC_OR_PARTITION')) throw error
    }
    throw new WindsockError('topic-missing', `there is no topic ${name}`)
  }

  /** One more connection to the same broker, for a request that keeps it waiting. */
  async openAnother(requestTimeoutMs: number): Promise<Connection> {
    const { host, port } = await this.connect()
    return this.open(host ?? '', port ?? 0, requestTimeoutMs)
  }

  async close(): Promise<void> {
    this.isClosed = true
    this.forget()
    await this.connecting?.catch(() => {})
    this.forget()
  }

  private async openCoordinator(): Promise<Connection> {
    const seed = await this.openAny()
    try {
      const { coordinators } = await findCoordinatorV4.api.async(seed, groupKeys, [this.group])
      const connection = await this.open(coordinators[0]?.host ?? '', coordinators[0]?.port ?? 0)
      this.connection = connection
      if (this.isClosed) this.forget()
      return connection
    } finally {
      seed.close().catch(() => {})
    }
  }

  private async openAny(): Promise<Connection> {
    let reason: unknown
    for (const address of this.options.brokers) {
      const colon = address.lastIndexOf(':')
      try {
        return await this.open(address.slice(0, colon), Number(address.slice(colon + 1)))
      } catch (error) {
        reason = error
      }
    }
    throw reason
  }

  private async open(host: string, port: number, requestTimeoutMs?: number): Promise<Connection> {
    const { clientId, connectTimeout, requestTimeout } = connectionSettings(this.options, this.group, false)
    const connection = new Connection(clientId, {
      connectTimeout,
      requestTimeout: requestTimeoutMs ?? requestTimeout,
      maxInflights: 16,
    })
    connection.on('error', () => {}) // the request that fails says it
    await connection.connect(host, port)
    return connection
  }
}
