import type { GroupOptions, Membership } from '../../broker.ts'
import type { KafkaOptions } from '../client-settings.ts'
import { ClassicProtocol } from './classic-protocol.ts'
import { ConsumerProtocol } from './consumer-protocol.ts'
import { Coordinator } from './coordinator.ts'
import { GroupMembership } from './group-membership.ts'
import { TopicWatch } from './topic-watch.ts'

/** What tests choose, and nobody else needs to. */
export interface GroupTuning {
  /** Instead of what the cluster offers: newer ones speak both. `consumer` is KIP-848, from Kafka 4.0 on. */
  readonly protocol?: 'consumer' | 'classic'
  /** The session of the classic protocol, which the client chooses. */
  readonly classicSessionMs?: number
}

/** Longer than a broker's restart, or that would fence everybody. */
const classicSessionMs = 20_000

/** Joins by KIP-848 where the cluster has it, else by the classic protocol. */
export function joinKafkaGroup(cluster: KafkaOptions, options: GroupOptions, tuning: GroupTuning = {}): Membership {
  return new GroupMembership(cluster, options, async () => {
    const coordinator = new Coordinator(cluster, options.group)
    try {
      const protocol = tuning.protocol ?? ((await coordinator.hasConsumerGroups()) ? 'consumer' : 'classic')
      const member = {
        coordinator,
        topic: new TopicWatch(coordinator, options.topic),
        group: options.group,
        instanceId: options.memberId ?? null,
      }
      if (protocol === 'consumer') return new ConsumerProtocol(member)
      return new ClassicProtocol(member, tuning.classicSessionMs ?? classicSessionMs)
    } catch (error) {
      await coordinator.close()
      throw error
    }
  })
}
