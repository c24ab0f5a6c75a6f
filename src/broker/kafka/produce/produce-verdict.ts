import { ProtocolError, protocolErrors, protocolErrorsCodesById } from '@platformatic/kafka'
import { WindsockError } from '../../../foundation/errors.ts'
import { translateKafkaError } from '../kafka-errors.ts'
import type { ProduceAnswer } from './produce-request.ts'

/** What to do about a batch after the leader's answer. */
export type Verdict = 'appended' | 'again' | 'count-anew' | 'refused'

/** The log has the batch already: an earlier answer was lost. */
const duplicate = 46

/** The broker has lost count, by an unclean election or by forgetting who we are; so the batch is not in its log. */
const lostCount: readonly number[] = [45, 59]

/** What we sent is damaged: no repetition mends that. */
const damaged = 2

export function verdictOn(errorCode: number, isTransactional: boolean): Verdict {
  if (errorCode === 0 || errorCode === duplicate) return 'appended'
  // In a transaction the count is the coordinator's to restart.
  if (lostCount.includes(errorCode)) return isTransactional ? 'refused' : 'count-anew'
  return errorCode !== damaged && definitionOf(errorCode)?.canRetry === true ? 'again' : 'refused'
}

export function refusalOf(
  { topic, partition, errorCode, message }: ProduceAnswer,
  brokers: readonly string[],
): WindsockError {
  const doing = `sending to topic ${topic}`
  const id = definitionOf(errorCode)?.id
  if (id !== undefined && errorCode !== damaged) {
    return translateKafkaError(new ProtocolError(id, message), doing, brokers)
  }
  const said = message === null ? '' : `: ${message}`
  return new WindsockError(
    'broker-refused',
    `${doing}: the leader of partition ${partition} answers ${id ?? errorCode}${said}`,
  )
}

function definitionOf(errorCode: number): { readonly id: string; readonly canRetry: boolean } | undefined {
  return protocolErrors[protocolErrorsCodesById[errorCode] ?? '']
}
