import assert from 'node:assert/strict'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { Connection } from '@platformatic/kafka'
import type { Broker, OutgoingRecord } from '../../../../src/broker/broker.ts'
import type { KafkaOptions } from '../../../../src/broker/kafka/client-settings.ts'
import { createKafkaBroker } from '../../../../src/broker/kafka/kafka-broker.ts'
import { KafkaTransactions } from '../../../../src/broker/kafka/kafka-transactions.ts'
import { BatchMemory } from '../../../../src/broker/kafka/produce/batch-memory.ts'
import { Cluster } from '../../../../src/broker/kafka/produce/cluster.ts'
import { startTestKafka, type TestKafka, withoutKafka } from '../../../support/local-kafka.ts'
import { until } from '../../../support/until.ts'

/** A way to the coordinator that can be made to lose its answers, and to break. */
class LossyWay {
  isLossy = false
  private readonly server: Server
  private readonly sockets: Socket[] = []

  constructor(host: string, port: number) {
    this.server = createServer((near) => {
      const far = connect(port, host)
      this.sockets.push(near, far)
      for (const socket of [near, far]) socket.on('error', () => {})
      near.pipe(far)
      far.on('data', (bytes) => this.isLossy || near.write(bytes))
      far.on('close', () => near.destroy())
    })
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve))
    const address: AddressInfo | string | null = this.server.address()
    assert.ok(address !== null && typeof address === 'object')
    return address.port
  }

  break(): void {
    for (const socket of this.sockets.splice(0)) socket.destroy()
  }

  async close(): Promise<void> {
    this.break()
    await new Promise((resolve) => this.server.close(resolve))
  }
}

/** Asks its coordinator over another way, and counts what is sent to leaders. */
class WatchedCluster extends Cluster {
  requests = 0
  private readonly port: number
  private way: Promise<Connection> | undefined

  constructor(options: KafkaOptions, port: number) {
    super(options)
    this.port = port
  }

  override async coordinator(transactionalId: string): Promise<Connection> {
    await super.coordinator(transactionalId)
    let way = this.way
    if ((await way)?.isConnected() !== true) way = this.way = this.openWay()
    return way ?? this.openWay()
  }

  override leader(node: number, channel?: number): Promise<Connection> {
    this.requests++
    return super.leader(node, channel)
  }

  private async openWay(): Promise<Connection> {
    const connection = new Connection('lossy', { connectTimeout: 1_000, requestTimeout: 10_000 })
    connection.on('error', () => {})
    await connection.connect('127.0.0.1', this.port)
    return connection
  }

  override async close(): Promise<void> {
    await (await this.way)?.close()
    await super.close()
  }
}

describe('a commit whose answer is lost', { skip: withoutKafka }, () => {
  let kafka: TestKafka
  let broker: Broker
  let way: LossyWay
  let cluster: WatchedCluster
  const [topic, other] = ['lost-answers', 'lost-answers-2']
  before(async () => {
    kafka = await startTestKafka()
    broker = createKafkaBroker({ brokers: kafka.brokers })
    const [host = '', port] = (kafka.brokers[0] ?? '').split(':')
    way = new LossyWay(host, Number(port))
    cluster = new WatchedCluster({ brokers: kafka.brokers }, await way.listen())
    const settings = { partitions: 1, cleanup: 'delete', retentionMs: -1 } as const
    await broker.admin.ensureTopics([topic, other].map((name) => ({ name, ...settings })))
  })
  after(async () => {
    await cluster.close()
    await way.close()
    await broker.close()
    await kafka.stop()
  })

  it('lets nothing behind it become committed when its owner closes before it knows', async () => {
    const owner = new KafkaTransactions(cluster, new BatchMemory(), 'lost-answers')
    await owner.open()
    for (const name of [topic, other]) await owner.send(name, [record('in it')])
    way.isLossy = true
    const committing = owner.commit()
    // It is sent meanwhile, in the next transaction; what is behind that one waits for the first.
    const calls = [owner.send(topic, [record('behind it')]), owner.commit(), owner.send(topic, [record('last')])]
    const settled = Promise.allSettled([committing, ...calls])
    await until('the transaction to be committed', async () => (await ends('committed')).join() === '2,2')
    const { requests } = cluster
    const closed = owner.close()
    way.break()
    way.isLossy = false
    await closed
    const codes = (await settled).map((call) => (call.status === 'rejected' ? call.reason.code : call.status))
    assert.deepEqual(
      [codes[0], codes[2], codes[3]],
      Array.from({ length: 3 }, () => 'broker-unreachable'),
    )
    // Sent, it might still become part of the first transaction, and be committed without what belongs to it.
    assert.equal(cluster.requests, requests)
    const successor = broker.openTransactions('lost-answers')
    await successor.open()
    assert.deepEqual(await committed(), ['in it'])
    await successor.close()
  })

  const committed = async (): Promise<string[]> => {
    const ends = new Map(
      (await broker.admin.describeTopic(topic, 'committed')).partitions.map((each) => [each.partition, each.end]),
    )
    const reader = broker.openReader({
      topic,
      start: 'earliest',
      until: ends,
      isolation: 'committed',
      signal: AbortSignal.timeout(20_000),
    })
    const values: string[] = []
    for await (const { records } of reader) {
      values.push(...records.map(({ value }) => Buffer.from(value ?? []).toString()))
    }
    await reader.close()
    return values
  }
  const ends = async (isolation: 'committed' | 'uncommitted'): Promise<number[]> => {
    const found = await Promise.all([topic, other].map((name) => broker.admin.describeTopic(name, isolation)))
    return found.map(({ partitions }) => partitions[0]?.end ?? 0)
  }
})

function record(value: string): OutgoingRecord {
  return { key: 'k', value, partition: 0 }
}
