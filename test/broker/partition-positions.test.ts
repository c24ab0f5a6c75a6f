import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PartitionPositions } from '../../src/broker/partition-positions.ts'

function positionsOf(...offsets: readonly number[]): PartitionPositions {
  const positions = new PartitionPositions('t')
  positions.assign(new Map(offsets.entries()))
  return positions
}

describe('positions', () => {
  it('are ahead of what was handed out by what was fetched', () => {
    const positions = positionsOf(10)
    positions.fetched(0, 50, 3)
    positions.handedOut(0, 30)
    const { position, ahead, lastEpoch } = positions.get(0) ?? {}
    assert.deepEqual([position, ahead, lastEpoch], [30, 50, 3])
  })

  it('begin another era, and forget what was fetched, when a partition is moved, paused or assigned anew', () => {
    const changes: ((positions: PartitionPositions) => void)[] = [
      (positions) => positions.seek(new Map([[0, 30]])),
      (positions) => positions.assign(new Map([[0, 30]])),
      (positions) => positions.pause([0]),
      (positions) => positions.forgetAllFetched(),
      (positions) => {
        positions.release([0])
        positions.assign(new Map([[0, 30]]))
      },
    ]
    for (const change of changes) {
      const positions = positionsOf(10)
      positions.fetched(0, 50, 3)
      positions.handedOut(0, 30)
      const era = positions.get(0)?.era
      change(positions)
      const after = positions.get(0)
      assert.notEqual(after?.era, era)
      assert.deepEqual([after?.position, after?.ahead, after?.lastEpoch], [30, 30, -1])
    }
  })

  it('keep their era over a second pause and over going on', () => {
    const positions = positionsOf(10)
    positions.pause([0])
    const era = positions.get(0)?.era
    positions.pause([0])
    positions.resume([0])
    assert.deepEqual([positions.get(0)?.era, positions.get(0)?.isPaused], [era, false])
  })

  it('stay paused when they are moved', () => {
    const positions = positionsOf(10)
    positions.pause([0])
    positions.seek(new Map([[0, 5]]))
    assert.equal(positions.get(0)?.isPaused, true)
  })

  it('have those last that got something last', () => {
    const positions = positionsOf(0, 0, 0)
    positions.fetched(0, 5, 1)
    positions.handedOut(0, 5)
    positions.fetched(1, 5, 1)
    assert.deepEqual(
      Array.from(positions.all(), ({ partition }) => partition),
      [2, 0, 1],
    )
  })

  it('pass over partitions that are not read, except when they are moved', () => {
    const positions = positionsOf(0)
    positions.pause([7])
    positions.resume([7])
    positions.release([7])
    positions.fetched(7, 5, 1)
    positions.handedOut(7, 5)
    assert.equal(positions.size, 1)
    const offsets = new Map([
      [0, 5],
      [7, 5],
    ])
    assert.throws(() => positions.seek(offsets), { code: 'usage' })
    assert.equal(positions.get(0)?.position, 0)
  })
})
