import assert from 'node:assert/strict'
import { it } from 'node:test'
import { flights } from '../../src/topics/flights.ts'
import { partialsTopic, regroupedName, regroups, repartitionTopic } from '../../src/topics/regrouped.ts'

it('the topics between two stages have the partitions of the input: upserts for good, or rows for as long as it has them', () => {
  const { partitions, retentionMs } = flights
  assert.deepEqual(
    [partialsTopic('by-origin', flights), repartitionTopic('by-origin', flights)],
    [
      { name: 'by-origin-partials', partitions, cleanup: 'compact', retentionMs: -1 },
      { name: 'by-origin-repartition', partitions, cleanup: 'delete', retentionMs },
    ],
  )
  assert.deepEqual(
    regroups.map((regroup) => regroupedName('by-origin', regroup)),
    ['by-origin-partials', 'by-origin-repartition'],
  )
})
