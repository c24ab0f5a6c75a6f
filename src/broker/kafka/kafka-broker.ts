import type { Broker, Publisher, Reader } from '../broker.ts'
import type { KafkaOptions } from './client-settings.ts'
import { joinKafkaGroup } from './group/join-group.ts'
import { KafkaAdmin } from './kafka-admin.ts'
import { KafkaPublisher } from './kafka-publisher.ts'
import { KafkaReader } from './kafka-reader.ts'

/** Apache Kafka behind our contract. Nothing is connected before it is used. */
export function createKafkaBroker(options: KafkaOptions): Broker {
  const admin = new KafkaAdmin(options)
  const open = new Set<Publisher | Reader>()
  return {
    kind: 'kafka',
    address: options.brokers.join(','),
    admin,
    openPublisher(name) {
      const publisher = new KafkaPublisher(options, name, admin)
      open.add(publisher)
      return publisher
    },
    openReader(read) {
      const reader = new KafkaReader(options, read, admin)
      open.add(reader)
      return reader
    },
    joinGroup: (group) => joinKafkaGroup(options, group),
    async close() {
      await Promise.all([...open].map((each) => each.close()))
      open.clear()
      await admin.close()
    },
  }
}
