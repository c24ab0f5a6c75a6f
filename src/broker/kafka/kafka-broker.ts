import type { Broker } from '../broker.ts'
import type { KafkaOptions } from './client-settings.ts'
import { joinKafkaGroup } from './group/join-group.ts'
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
  const open = new Set<KafkaPublisher | KafkaTransactions | KafkaReader>()
  const keep = <T extends KafkaPublisher | KafkaTransactions | KafkaReader>(opened: T): T => {
    open.add(opened)
    opened.closed.addEventListener('abort', () => open.delete(opened))
    return opened
  }
  return {
    kind: 'kafka',
    address: options.brokers.join(','),
    admin,
    openPublisher: () => keep(new KafkaPublisher(cluster, memory)),
    openTransactions: (id, transactions) => keep(new KafkaTransactions(cluster, memory, id, transactions)),
    openReader: (read) => keep(new KafkaReader(options, read, admin)),
    joinGroup: (group) => joinKafkaGroup(options, group),
    async close() {
      await Promise.all([...open].map((each) => each.close()))
      open.clear()
      await cluster.close()
      await admin.close()
    },
  }
}
