import { setTimeout as delay } from 'node:timers/promises'
import { Producer } from '@platformatic/kafka'
import { WindsockError } from '../../foundation/errors.ts'
import { publishBatchBytesMax, publishRequestBytesMax } from '../../foundation/limits.ts'
import { createPartitioner } from '../../model/partition.ts'
import type { Admin, OutgoingRecord, Publisher } from '../broker.ts'
import { type KafkaOptions, producerSettings } from './client-settings.ts'
import { translateKafkaError } from './kafka-errors.ts'

interface Message {
  topic: string
  key: Buffer
  value?: Buffer
  partition: number
  headers?: Map<Buffer, Buffer>
}

interface Partitions {
  readonly count: number
  readonly of: (key: string) => number
}

/** One request at a time, in the order of the calls: an idempotent producer that pipelines would reorder over a restart. */
export class KafkaPublisher implements Publisher {
  private readonly options: KafkaOptions
  private readonly producer: Producer
  private last: Promise<void> = Promise.resolve()
  private readonly admin: Admin
  private readonly partitions = new Map<string, Partitions>()
  private isClosed = false

  constructor(options: KafkaOptions, name: string, admin: Admin) {
    this.options = options
    this.admin = admin
    this.producer = new Producer(producerSettings(options, name))
  }

  async send(topic: string, records: readonly OutgoingRecord[]): Promise<void> {
    const mine = this.last.then(async () => {
      const partitions = await this.findPartitions(topic)
      for (const messages of requestsOf(topic, partitions, records)) await this.request(topic, messages)
    })
    this.last = mine.catch(() => {})
    return mine
  }

  async close(): Promise<void> {
    this.isClosed = true
    await this.producer.close()
    await this.last
  }

  /** The library would wait for ever for a topic that is not there; for a broker that is away it should. */
  private async findPartitions(topic: string): Promise<Partitions> {
    for (;;) {
      const known = this.partitions.get(topic)
      if (known !== undefined) return known
      try {
        const count = (await this.admin.describeTopic(topic)).partitions.length
        this.partitions.set(topic, { count, of: createPartitioner(count) })
      } catch (error) {
        if (this.isClosed || !(error instanceof WindsockError && error.retriable)) throw error
        await delay(250)
      }
    }
  }

  private async request(topic: string, messages: Message[]): Promise<void> {
    if (this.isClosed) throw new WindsockError('broker-unreachable', `the publisher to topic ${topic} is closed`)
    try {
      await this.producer.send({ messages })
    } catch (error) {
      throw translateKafkaError(error, `sending to topic ${topic}`, this.options.brokers)
    }
  }
}

/** What the record format and the request add to a record, at most. */
const recordOverheadBytes = 64

/** Cuts records, in their order, into requests that every broker takes. */
function* requestsOf(
  topic: string,
  { count, of }: Partitions,
  records: readonly OutgoingRecord[],
): Generator<Message[]> {
  let messages: Message[] = []
  let bytes = 0
  const batchBytes = new Float64Array(count)
  for (const record of records) {
    const message = toMessage(topic, of, record)
    const size = message.key.length + (message.value?.length ?? 0) + recordOverheadBytes
    const inBatch = batchBytes[message.partition] ?? 0
    const isFull = bytes + size > publishRequestBytesMax || inBatch + size > publishBatchBytesMax
    if (isFull && messages.length > 0) {
      yield messages
      messages = []
      bytes = 0
      batchBytes.fill(0)
    }
    messages.push(message)
    bytes += size
    batchBytes[message.partition] = (batchBytes[message.partition] ?? 0) + size
  }
  if (messages.length > 0) yield messages
}

function toMessage(
  topic: string,
  partitionOf: Partitions['of'],
  { key, value, partition, headers }: OutgoingRecord,
): Message {
  const message: Message = { topic, key: Buffer.from(key), partition: partition ?? partitionOf(key) }
  if (value !== null) message.value = bytesOf(value)
  if (headers !== undefined) {
    // A map, not an object: with an object of buffers the library's send never settles.
    message.headers = new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)]))
  }
  return message
}

/** Bytes are taken as they are, not copied: whoever sends them does not change them before they are acknowledged. */
function bytesOf(value: string | Uint8Array): Buffer {
  if (typeof value === 'string') return Buffer.from(value)
  return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}
