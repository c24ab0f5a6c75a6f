import assert from 'node:assert/strict'
import { it } from 'node:test'
import { stateTopic } from '../../src/topics/state.ts'

it('a state topic is named after its group, has the partitions of the input, and keeps the newest of every key', () => {
  assert.deepEqual(stateTopic('aroon-period-25', 4), {
    name: 'aroon-period-25-state',
    partitions: 4,
    cleanup: 'compact',
    retentionMs: -1,
  })
})
