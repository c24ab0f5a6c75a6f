import { WindsockError } from '../../../foundation/errors.ts'

/** The versions of a request that we speak. All of them are flexible. */
export interface SpokenVersions {
  readonly name: string
  readonly key: number
  readonly from: number
  readonly to: number
}

/** The versions of a request that a broker says it knows. */
export interface OfferedVersions {
  readonly from: number
  readonly to: number
}

/**
 * The newest version that both sides know.
 *
 * @param who for the error: `the broker at 127.0.0.1:9092`
 * @throws WindsockError `broker-refused` where there is none
 */
export function newestCommon(who: string, spoken: SpokenVersions, offered: OfferedVersions | undefined): number {
  const { name, from, to } = spoken
  const version = Math.min(to, offered?.to ?? -1)
  if (offered !== undefined && version >= from && version >= offered.from) return version
  const theirs = offered === undefined ? 'not at all' : `in versions ${offered.from} to ${offered.to}`
  const ours = from === to ? `version ${from} is` : `versions ${from} to ${to} are`
  throw new WindsockError('broker-refused', `${who} knows ${name} ${theirs}, and ${ours} spoken here`, {
    hint: 'Apache Kafka 3.0 is the oldest that will do',
  })
}
