import assert from 'node:assert/strict'
import { it } from 'node:test'
import { quarantine } from '../../src/topics/quarantine.ts'

it('the quarantine keeps the newest entry of every origin for good', () => {
  assert.deepEqual(quarantine, { name: 'quarantine', partitions: 1, cleanup: 'compact', retentionMs: -1 })
})
