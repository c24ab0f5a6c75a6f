import assert from 'node:assert/strict'
import { it } from 'node:test'
import { connectionSettings, wireSettings } from '../../../src/broker/kafka/client-settings.ts'

const options = { brokers: ['127.0.0.1:9092'] }

it('waits between retries longer and longer, at most a second', () => {
  const { retryDelay } = connectionSettings(options, 'test', true)
  const delays = [1, 2, 3, 10, 100].map((attempt) => retryDelay({}, 'produce', attempt))
  assert.deepEqual(delays, [100, 200, 400, 1_000, 1_000])
})

it('makes no topic by asking for it', () => {
  assert.equal(connectionSettings(options, 'test', false).autocreateTopics, false)
})

it('gives up an answer that is silent for ten seconds', () => {
  const { signal } = new AbortController()
  assert.deepEqual(wireSettings(options, 'test', signal), {
    clientId: 'windsock-test',
    connectTimeoutMs: 3_000,
    answerTimeoutMs: 10_000,
    signal,
    tls: undefined,
    sasl: undefined,
  })
})
