import assert from 'node:assert/strict'
import { it } from 'node:test'
import { AuthenticationError, MultipleErrors, NetworkError, ProtocolError, UserError } from '@platformatic/kafka'
import {
  isTransient,
  protocolError,
  protocolIds,
  reasonOf,
  translateKafkaError,
} from '../../../src/broker/kafka/kafka-errors.ts'
import { describeError } from '../../../src/foundation/errors.ts'

const protocol = (id: string): Error => new MultipleErrors('A request failed.', [new ProtocolError(id)])
const refused = new NetworkError('Cannot connect.', {
  cause: Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
})

it('says in one sentence what failed, on which thing, and what to do', () => {
  const cases: [Error, string, string][] = [
    [
      refused,
      'broker-unreachable',
      'topic t: no broker answers at b:1 (ECONNREFUSED). Start it, or name another with --brokers host:port',
    ],
    [
      protocol('TOPIC_AUTHORIZATION_FAILED'),
      'not-authorized',
      'topic t: the cluster at b:1 does not permit it. Ask for the permission, or connect as a user who has it',
    ],
    [
      new AuthenticationError('Wrong password.'),
      'not-authorized',
      'topic t: the cluster at b:1 does not permit it. Ask for the permission, or connect as a user who has it',
    ],
    [protocol('UNKNOWN_TOPIC_OR_PARTITION'), 'topic-missing', 'topic t: the cluster at b:1 has no such topic'],
    [new UserError('Unknown topic t.'), 'topic-missing', 'topic t: the cluster at b:1 has no such topic'],
    [protocol('MESSAGE_TOO_LARGE'), 'record-too-large', 'topic t: a record is larger than the topic takes'],
    [protocol('OFFSET_OUT_OF_RANGE'), 'position-lost', 'topic t: the log no longer holds the offset asked for'],
    [protocol('POLICY_VIOLATION'), 'broker-refused', 'topic t: the cluster at b:1 answers POLICY_VIOLATION'],
  ]
  for (const [error, code, text] of cases) {
    const translated = translateKafkaError(error, 'topic t', ['b:1'])
    assert.equal(translated.code, code)
    assert.equal(describeError(translated), text)
    assert.equal(translated.cause, error)
  }
})

it('leaves an error of ours as it is', () => {
  const ours = translateKafkaError(refused, 'topic t', ['b:1'])
  assert.equal(translateKafkaError(ours, 'topic u', ['b:2']), ours)
})

it('tells what waiting may mend from what it does not', () => {
  assert.equal(isTransient(refused), true)
  assert.equal(isTransient(protocol('NOT_LEADER_OR_FOLLOWER')), true)
  assert.equal(isTransient(protocol('TOPIC_AUTHORIZATION_FAILED')), false)
  assert.equal(isTransient('no error'), false)
})

it('names the innermost reason', () => {
  assert.equal(reasonOf(new MultipleErrors('failed 3 times', [refused])), 'ECONNREFUSED')
  assert.equal(reasonOf(protocol('LEADER_NOT_AVAILABLE')), 'LEADER_NOT_AVAILABLE')
  assert.equal(reasonOf(new Error('something else')), 'something else')
})

it("makes an error of any of Kafka's numbers, also of those that nobody knows", () => {
  assert.deepEqual(
    [-1, 1, 6, 100].map((code) => protocolIds(protocolError(code))[0]),
    ['UNKNOWN_SERVER_ERROR', 'OFFSET_OUT_OF_RANGE', 'NOT_LEADER_OR_FOLLOWER', 'UNKNOWN_TOPIC_ID'],
  )
  assert.equal(protocolError(4_711).message, 'error 4711')
})
