import assert from 'node:assert/strict'
import { it } from 'node:test'
import { resultTopic } from '../../src/topics/results.ts'

it('a result topic is named as its group, keeps the newest of every key, and has one order', () => {
  assert.deepEqual(resultTopic('aroon-period-25'), {
    name: 'aroon-period-25',
    partitions: 1,
    cleanup: 'compact',
    retentionMs: -1,
  })
})
