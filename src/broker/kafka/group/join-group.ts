import type { GroupOptions, Membership } from '../../broker.ts'
import type { KafkaOptions } from '../client-settings.ts'
import { ConsumerProtocol } from './consumer-protocol.ts'
import { Coordinator } from './coordinator.ts'
import { GroupMembership } from './group-membership.ts'
import { TopicWatch } from './topic-watch.ts'

/** Joins by KIP-848 where the cluster has it, else by the classic protocol. */
export function joinKafkaGroup(cluster: KafkaOptions, options: GroupOptions): Membership {
  return new GroupMembership(cluster, options, async () => {
    const coordinator = new Coordinator(cluster, options.group)
    const topic = new TopicWatch(coordinator, options.topic)
    return new ConsumerProtocol(coordinator, options.group, topic, options.memberId)
  })
}
