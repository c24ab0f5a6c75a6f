import { WindsockError } from '../../../foundation/errors.ts'
import { isTransient, protocolIds } from '../kafka-errors.ts'
import type { MemberEvent } from './member-state.ts'

/**
 * What an answer that is an error means to a member. Kafka's numbers stand behind its names.
 *
 * Not here, since a membership asks nothing that is answered so: 88 (an unstable offset, to OffsetFetch), 22 and 90 in
 * transactions. Whoever sends those requests takes them as its own fencing.
 */
const eventById: Readonly<Record<string, MemberEvent>> = {
  UNKNOWN_MEMBER_ID: 'removed', // 25
  FENCED_MEMBER_EPOCH: 'removed', // 110
  ILLEGAL_GENERATION: 'removed', // 22
  MEMBER_ID_REQUIRED: 'stale', // 79: a classic member is given its id first, and joins with it
  UNRELEASED_INSTANCE_ID: 'name-held', // 111
  FENCED_INSTANCE_ID: 'replaced', // 82
  STALE_MEMBER_EPOCH: 'stale', // 113
  REBALANCE_IN_PROGRESS: 'stale', // 27
  COORDINATOR_LOAD_IN_PROGRESS: 'busy', // 14
  COORDINATOR_NOT_AVAILABLE: 'unreachable', // 15
  NOT_COORDINATOR: 'unreachable', // 16
  UNKNOWN_SERVER_ERROR: 'unreachable', // -1: a broker that is going down says it, too
  UNKNOWN_TOPIC_OR_PARTITION: 'busy', // 3: looked into by whoever knows the topic's id
}

/** What a member makes of anything that was thrown by a request. */
export function eventOf(error: unknown): MemberEvent {
  if (error instanceof WindsockError) {
    return error.code === 'topic-missing' || error.code === 'position-lost' ? 'topic-gone' : 'refused'
  }
  const ids = protocolIds(error)
  for (const id of ids) {
    const event = eventById[id]
    if (event !== undefined) return event
  }
  // Without a protocol's name it is the connection, or an authentication that fails for good.
  if (ids.length === 0) return isAuthentication(error) ? 'refused' : 'unreachable'
  return isTransient(error) ? 'busy' : 'refused'
}

function isAuthentication(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'PLT_KFK_AUTHENTICATION'
}
