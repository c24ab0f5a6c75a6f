import { protocolErrorsCodesById, ProtocolError } from '@platformatic/kafka'
import { systemCode, WindsockError } from '../../foundation/errors.ts'

/** The protocol's names of every error inside a library error, such as `UNKNOWN_TOPIC_OR_PARTITION`. */
export function protocolIds(error: unknown): string[] {
  return flatten(error)
    .map((each) => ('apiId' in each && typeof each.apiId === 'string' ? each.apiId : ''))
    .filter((id) => id !== '')
}

/** The library's error for one of Kafka's numbers, so that our own answers are judged as its. */
export function protocolError(code: number): Error {
  // The library fails over a number that it does not know.
  return protocolErrorsCodesById[code] === undefined ? new Error(`error ${code}`) : new ProtocolError(code)
}

const authorizationIds = [
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
]

/**
 * Says in Windsock's words what the library says in Kafka's.
 *
 * @param doing what failed, on which thing: `topic flights`
 */
export function translateKafkaError(error: unknown, doing: string, brokers: readonly string[]): WindsockError {
  if (error instanceof WindsockError) return error
  const ids = protocolIds(error)
  const where = brokers.join(', ')
  const has = (...wanted: readonly string[]): boolean => ids.some((id) => wanted.includes(id))
  if (
    has(...authorizationIds) ||
    flatten(error).some((each) => 'code' in each && each.code === 'PLT_KFK_AUTHENTICATION')
  ) {
    return new WindsockError('not-authorized', `${doing}: the cluster at ${where} does not permit it`, {
      hint: 'Ask for the permission, or connect as a user who has it',
      cause: error,
    })
  }
  if (has('UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_ID') || isUnknownTopic(error)) {
    return new WindsockError('topic-missing', `${doing}: the cluster at ${where} has no such topic`, { cause: error })
  }
  if (has('MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE')) {
    return new WindsockError('record-too-large', `${doing}: a record is larger than the topic takes`, { cause: error })
  }
  if (has('OFFSET_OUT_OF_RANGE')) {
    return new WindsockError('position-lost', `${doing}: the log no longer holds the offset asked for`, {
      cause: error,
    })
  }
  if (ids.length > 0 && !isTransient(error)) {
    return new WindsockError('broker-refused', `${doing}: the cluster at ${where} answers ${ids.join(', ')}`, {
      cause: error,
    })
  }
  return new WindsockError('broker-unreachable', `${doing}: no broker answers at ${where} (${reasonOf(error)})`, {
    hint: 'Start it, or name another with --brokers host:port',
    cause: error,
  })
}

/** Whether waiting may help: the broker is away, starting, or electing. */
export function isTransient(error: unknown): boolean {
  const all = flatten(error)
  return all.length > 0 && !all.some((each) => 'canRetry' in each && each.canRetry === false && !isTimeout(each))
}

/** The library's own answer, which carries no code of the protocol. */
export function isUnknownTopic(error: unknown): boolean {
  return flatten(error).some((each) => each.message.startsWith('Unknown topic '))
}

function isTimeout(error: Error): boolean {
  return error.name === 'TimeoutError' || /timed? ?out/i.test(error.message)
}

/** The innermost thing that happened, in a few words: `ECONNREFUSED`, `NOT_LEADER_OR_FOLLOWER`. */
export function reasonOf(error: unknown): string {
  const all = flatten(error)
  for (const each of all.toReversed()) {
    const code = systemCode(each)
    if (code !== undefined && /^E[A-Z]+$/.test(code)) return code
  }
  return protocolIds(error).at(-1) ?? all.at(-1)?.message ?? String(error)
}

/** The error, what it collects and what caused it, outermost first. */
function flatten(error: unknown): Error[] {
  if (!(error instanceof Error)) return []
  const inner = error instanceof AggregateError ? error.errors : []
  return [error, ...inner.flatMap(flatten), ...flatten(error.cause)]
}
