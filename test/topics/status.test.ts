import assert from 'node:assert/strict'
import { it } from 'node:test'
import { status } from '../../src/topics/status.ts'

it('the status topic keeps the last word of every process', () => {
  assert.deepEqual([status.name, status.partitions, status.cleanup], ['windsock-status', 1, 'compact'])
})
