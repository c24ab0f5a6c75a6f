import { setTimeout as delay } from 'node:timers/promises'
import { Producer } from '@platformatic/kafka'
import { WindsockError } from '../../foundation/errors.ts'
import { publishBytesMax } from '../../foundation/limits.ts'
import type { Admin, OutgoingRecord, Publisher } from '../broker.ts'
import { type KafkaOptions, producerSettings } from './client-settings.ts'
import { translateKafkaError } from './kafka-errors.ts'

interface Message {
  topic: string
  key: Buffer
  value?: Buffer
  partition?: number
  headers?: Map<Buffer, Buffer>
}

/** One request at a time, in the order of the calls: an idempotent producer that pipelines would reorder over a restart. */
export class KafkaPublisher implements Publisher {
  private readonly options: KafkaOptions
  private readonly producer: Producer
  private last: Promise<void> = Promise.resolve()
  private readonly admin: Admin
  private readonly known = new Set<string>()
  private isClosed = false

  constructor(options: KafkaOptions, name: string, admin: Admin) {
    this.options = options
    this.admin = admin
    this.producer = new Producer(producerSettings(options, name))
  }

  async send(topic: string, records: readonly OutgoingRecord[]): Promise<void> {
    const mine = this.last.then(async () => {
      await this.findTopic(topic)
      for (const messages of requestsOf(topic, records)) await this.request(topic, messages)
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
  private async findTopic(topic: string): Promise<void> {
    while (!this.known.has(topic)) {
      try {
        await this.admin.describeTopic(topic)
        this.known.add(topic)
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

/** Cuts records into requests that every broker takes. */
function* requestsOf(topic: string, records: readonly OutgoingRecord[]): Generator<Message[]> {
  let messages: Message[] = []
  let bytes = 0
  for (const record of records) {
    const message = toMessage(topic, record)
    const size = message.key.length + (message.value?.length ?? 0) + 64
    if (bytes + size > publishBytesMax && messages.length > 0) {
      yield messages
      messages = []
      bytes = 0
    }
    messages.push(message)
    bytes += size
  }
  if (messages.length > 0) yield messages
}

function toMessage(topic: string, { key, value, partition, headers }: OutgoingRecord): Message {
  const message: Message = { topic, key: Buffer.from(key) }
  if (value !== null) message.value = Buffer.from(value)
  if (partition !== undefined) message.partition = partition
  if (headers !== undefined) {
    // A map, not an object: with an object of buffers the library's send never settles.
    message.headers = new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)]))
  }
  return message
}
