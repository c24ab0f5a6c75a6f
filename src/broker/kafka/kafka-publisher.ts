import type { OutgoingRecord, Publisher } from '../broker.ts'
import { createIdempotentAuthor } from './produce/author.ts'
import type { BatchMemory } from './produce/batch-memory.ts'
import type { Cluster } from './produce/cluster.ts'
import { Sender } from './produce/sender.ts'

/** An idempotent producer: the library gives its connections, the requests that carry records are ours. */
export class KafkaPublisher implements Publisher {
  /** Aborts when it is closed. */
  readonly closed: AbortSignal
  private readonly sender: Sender

  constructor(cluster: Cluster, memory: BatchMemory) {
    const closing = new AbortController()
    this.closed = closing.signal
    this.sender = new Sender(cluster, memory, createIdempotentAuthor(cluster, closing.signal), closing)
  }

  send(topic: string, records: readonly OutgoingRecord[]): Promise<void> {
    return this.sender.send(topic, records)
  }

  close(): Promise<void> {
    return this.sender.close()
  }
}
