import { Connection, findCoordinatorV4, metadataV11, ResponseError } from '@platformatic/kafka'
import { WindsockError } from '../../../foundation/errors.ts'
import { connectionSettings, type KafkaOptions } from '../client-settings.ts'
import { protocolIds } from '../kafka-errors.ts'

const transactionCoordinators = 1

/** Requests under way on one connection; brokers answer one connection's requests one after the other. */
const inflightsMax = 100

type Metadata = Awaited<ReturnType<typeof metadataV11.api.async>>

/**
 * A broker reads nothing more from a connection before it has answered what it read from it, and the first records of a
 * transaction may take it some milliseconds: so senders have connections of their own, or share one among few, and no short
 * question waits behind megabytes.
 */
type Purpose = 'questions' | `records ${number}`

/** How many connections to a node all senders have together. */
const channels = 8

interface Endpoint {
  readonly host: string
  readonly port: number
}

/** Where the partitions of a topic are led, by partition: the node's id, or -1 while there is none. */
export type Leaders = readonly number[]

/** What all publishers of one broker object share: a connection or two per node, and who leads and coordinates what. */
export class Cluster {
  readonly options: KafkaOptions
  /** Counts what is not as it should be: connections that broke, coordinators that did not answer. */
  troubles = 0
  private isClosed = false
  private asked = 0
  private senders = 0
  private readonly nodes = new Map<number, Endpoint>()
  private readonly connections = new Map<string, Promise<Connection>>()
  private readonly leaders = new Map<string, Leaders>()
  private readonly fragile = new Set<string>()
  private readonly coordinators = new Map<string, Endpoint>()
  private readonly quietUntil = new Map<number, number>()
  private readonly asking = new Map<string, Promise<Leaders | undefined>>()

  constructor(options: KafkaOptions) {
    this.options = options
  }

  /** The leaders as last heard of. */
  knownLeaders(topic: string): Leaders | undefined {
    return this.leaders.get(topic)
  }

  /** Whether a partition of a topic may lose its leader though others of the cluster work on. */
  isFragile(topic: string): boolean {
    return this.fragile.has(topic)
  }

  /** Asks who leads now; undefined when there is no such topic. Callers at the same time share one question. */
  async askLeaders(topic: string): Promise<Leaders | undefined> {
    let answer = this.asking.get(topic)
    if (answer === undefined) {
      answer = this.requestLeaders(topic).finally(() => this.asking.delete(topic))
      this.asking.set(topic, answer)
    }
    return answer
  }

  /** Which of the connections to each node a new sender has. */
  nextChannel(): number {
    return this.senders++ % channels
  }

  /** A connection to a leader. */
  async leader(node: number, channel = 0): Promise<Connection> {
    const endpoint = this.nodes.get(node)
    if (endpoint === undefined) throw new WindsockError('broker-unreachable', `node ${node} is not known`)
    return this.connect(endpoint, `records ${channel}`)
  }

  /** A quota of ours is used up there: a request sent before would not be read, and be given up and sent again. */
  leaveAlone(node: number, throttleMs: number): void {
    if (throttleMs > 0) this.quietUntil.set(node, performance.now() + throttleMs)
  }

  /** For how long a node is still to be left alone, in milliseconds. */
  quietMs(node: number): number {
    return Math.max(0, (this.quietUntil.get(node) ?? 0) - performance.now())
  }

  async coordinator(transactionalId: string): Promise<Connection> {
    let endpoint = this.coordinators.get(transactionalId)
    if (endpoint === undefined) {
      const { coordinators } = await findCoordinatorV4.api.async(await this.anyNode(), transactionCoordinators, [
        transactionalId,
      ])
      const [found] = coordinators
      if (found === undefined) throw new WindsockError('broker-unreachable', 'no node coordinates transactions')
      endpoint = { host: found.host, port: found.port }
      this.coordinators.set(transactionalId, endpoint)
    }
    return this.connect(endpoint, 'questions')
  }

  /** The coordinator is asked for again at the next need: it may have moved. */
  forgetCoordinator(transactionalId: string): void {
    this.troubles++
    this.coordinators.delete(transactionalId)
  }

  /** A node that answers, in turn, so that one that is cut off from the others does not have the only word. */
  async anyNode(): Promise<Connection> {
    let reason: unknown = new WindsockError('broker-unreachable', 'no broker is named')
    const known = [...this.nodes.values()]
    const first = known.length === 0 ? 0 : this.asked++ % known.length
    const named = this.options.brokers.map(toEndpoint)
    for (const endpoint of [...known.slice(first), ...known.slice(0, first), ...named]) {
      try {
        return await this.connect(endpoint, 'questions')
      } catch (error) {
        reason = error
      }
    }
    throw reason
  }

  async close(): Promise<void> {
    this.isClosed = true
    const open = [...this.connections.values()]
    this.connections.clear()
    await Promise.all(open.map((each) => each.then((connection) => connection.close()).catch(() => {})))
  }

  private async requestLeaders(topic: string): Promise<Leaders | undefined> {
    const { brokers, topics } = await this.requestMetadata(topic)
    this.nodes.clear()
    for (const { nodeId, host, port } of brokers) this.nodes.set(nodeId, { host, port })
    const found = topics.find(({ name }) => name === topic)
    if (found === undefined || found.partitions.length === 0) {
      this.leaders.delete(topic)
      return undefined
    }
    const leaders = found.partitions.map(() => -1)
    for (const { partitionIndex, leaderId } of found.partitions) leaders[partitionIndex] = leaderId
    this.leaders.set(topic, leaders)
    const isFragile = brokers.length > 1 && found.partitions.some(({ replicaNodes }) => replicaNodes.length === 1)
    if (isFragile) this.fragile.add(topic)
    else this.fragile.delete(topic)
    return leaders
  }

  /** The library throws the whole answer away for one partition that has no leader at the moment; it is in the error. */
  private async requestMetadata(topic: string): Promise<Metadata> {
    try {
      return await metadataV11.api.async(await this.anyNode(), [topic], false, false)
    } catch (error) {
      const isRefused = protocolIds(error).some((id) => id.endsWith('AUTHORIZATION_FAILED'))
      if (isRefused || !(error instanceof ResponseError) || !isMetadata(error['response'])) throw error
      return error['response']
    }
  }

  private async connect(endpoint: Endpoint, purpose: Purpose): Promise<Connection> {
    const key = `${endpoint.host}:${endpoint.port} ${purpose}`
    const current = this.connections.get(key)
    const connection = await current?.catch(() => undefined)
    if (connection?.isConnected() === true) return connection
    // The first one to find it dead removes it; whoever comes next joins in opening its successor.
    if (this.connections.get(key) === current) this.connections.delete(key)
    let opening = this.connections.get(key)
    if (opening === undefined) {
      if (this.isClosed) throw new WindsockError('broker-unreachable', 'the broker object is closed')
      opening = this.open(endpoint)
      this.connections.set(key, opening)
    }
    return opening
  }

  private async open({ host, port }: Endpoint): Promise<Connection> {
    const { clientId, bootstrapBrokers: _, ...settings } = connectionSettings(this.options, 'publisher', false)
    const connection = new Connection(clientId, { ...settings, maxInflights: inflightsMax })
    connection.on('error', () => {}) // the request that fails says it
    connection.on('close', () => this.troubles++)
    await connection.connect(host, port)
    return connection
  }
}

function toEndpoint(address: string): Endpoint {
  const colon = address.lastIndexOf(':')
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) }
}

function isMetadata(value: unknown): value is Metadata {
  return typeof value === 'object' && value !== null && 'brokers' in value && 'topics' in value
}
