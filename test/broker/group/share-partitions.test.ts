import assert from 'node:assert/strict'
import { it } from 'node:test'
import * as fc from 'fast-check'
import { sharePartitions } from '../../../src/broker/group/share-partitions.ts'

const some = fc.record({
  count: fc.nat({ max: 40 }),
  claims: fc.array(fc.uniqueArray(fc.nat({ max: 45 })), { minLength: 1, maxLength: 9 }),
})

it('gives every partition to one member, none more than one above another', () => {
  fc.assert(
    fc.property(some, ({ count, claims }) => {
      const shares = share(claims, count)
      assert.deepEqual(
        shares.flat().toSorted((a, b) => a - b),
        Array.from({ length: count }, (_, i) => i),
      )
      const sizes = shares.map((mine) => mine.length)
      assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1)
    }),
  )
})

it('moves nothing between those that stay when one comes or goes, beyond what the balance needs', () => {
  fc.assert(
    fc.property(some, fc.boolean(), ({ count, claims }, comes) => {
      const before = share(claims, count)
      assert.deepEqual(share(before, count), before, 'a balanced share stays')
      const after = comes ? share([...before, []], count) : share(before.slice(1), count)
      const stayed = comes ? before : before.slice(1)
      const lost = stayed.map((mine, i) => mine.filter((p) => after[i]?.includes(p) !== true).length)
      const moved = lost.reduce((a, b) => a + b, 0)
      assert.equal(moved, comes ? (after.at(-1)?.length ?? 0) : 0)
    }),
  )
})

it('believes the first of two that claim the same', () => {
  const shares = share(
    [
      [2, 3],
      [3, 0],
    ],
    4,
  )
  assert.deepEqual(shares, [
    [2, 3],
    [0, 1],
  ])
})

function share(claims: readonly (readonly number[])[], count: number): number[][] {
  const sharers = claims.map((held, index) => ({ id: `member ${index}`, held }))
  const shares = sharePartitions(
    sharers,
    Array.from({ length: count }, (_, i) => i),
  )
  return sharers.map(({ id }) => shares.get(id) ?? [])
}
