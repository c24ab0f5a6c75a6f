import type { Broker, Reader } from '../broker.ts'
import type { KafkaOptions } from './client-settings.ts'
import { KafkaAdmin } from './kafka-admin.ts'
import { KafkaPublisher } from './kafka-publisher.ts'
import { KafkaReader } from './kafka-reader.ts'
import { KafkaTransactions } from './kafka-transactions.ts'
import { BatchMemory } from './produce/batch-memory.ts'
import { Cluster } from './produce/cluster.ts'

/** Apache Kafka behind our contract. Nothing is connected before it is used. */
export function createKafkaBroker(options: KafkaOptions): Broker {
  const admin = new KafkaAdmin(options)
  const cluster = new Cluster(options)
  const memory = new BatchMemory()
  const open = new Set<KafkaPublisher | KafkaTransactions | Reader>()
  const keep = <T extends KafkaPublisher | KafkaTransactions>(sending: T): T => {
    open.add(sending)
    sending.closed.addEventListener('abort', () => open.delete(sending))
    return sending
  }
  return {
    kind: 'kafka',
    address: options.brokers.join(','),
    admin,
    openPublisher: () => keep(new KafkaPublisher(cluster, memory)),
    openTransactions: (id, transactions) => keep(new KafkaTransactions(cluster, memory, id, transactions)),
    openReader(read) {
      const reader = new KafkaReader(options, read, admin)
      open.add(reader)
      return reader
    },
    async close() {
      await Promise.all([...open].map((each) => each.close()))
      open.clear()
      await cluster.close()
      await admin.close()
    },
  }
}
