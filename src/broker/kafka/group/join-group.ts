import type { GroupOptions, Membership } from '../../broker.ts'
import type { KafkaOptions } from '../client-settings.ts'
import { ClassicProtocol } from './classic-protocol.ts'
import { ConsumerProtocol } from './consumer-protocol.ts'
import { Coordinator } from './coordinator.ts'
import { GroupMembership } from './group-membership.ts'
import { TopicWatch } from './topic-watch.ts'

/** `consumer` is KIP-848, from Kafka 4.0 on. */
export type ProtocolName = 'consumer' | 'classic'

/**
 * Joins by KIP-848 where the cluster has it, else by the classic protocol.
 *
 * @param protocol instead of what the cluster offers: newer clusters speak both
 */
export function joinKafkaGroup(cluster: KafkaOptions, options: GroupOptions, protocol?: ProtocolName): Membership {
  return new GroupMembership(cluster, options, async () => {
    const coordinator = new Coordinator(cluster, options.group)
    try {
      const isConsumer = protocol === undefined ? await coordinator.hasConsumerGroups() : protocol === 'consumer'
      const Protocol = isConsumer ? ConsumerProtocol : ClassicProtocol
      return new Protocol(coordinator, options.group, new TopicWatch(coordinator, options.topic), options.memberId)
    } catch (error) {
      await coordinator.close()
      throw error
    }
  })
}
