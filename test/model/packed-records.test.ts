import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { keepOutgoing, type PackedOutgoing, slicePacked, unpackOutgoing } from '../../src/model/packed-records.ts'

it('gives some of the records where they lie', () => {
  const bytes = new Uint8Array(9)
  const packed = {
    length: 3,
    bytes,
    offsets: Float64Array.of(5, 6, 7, 0),
    timestamps: Float64Array.of(50, 60, 70, 0),
    spans: Int32Array.of(0, 1, 1, 3, 3, 4, 4, 6, 6, 7, 7, 9, 0, 0, 0, 0),
  }
  const part = slicePacked(packed, 1, 3)
  assert.equal(part.length, 2)
  assert.equal(part.bytes, bytes)
  assert.deepEqual([...part.offsets], [6, 7])
  assert.deepEqual([...part.timestamps], [60, 70])
  assert.deepEqual([...part.spans], [3, 4, 4, 6, 6, 7, 7, 9])
})

describe('packed records to be sent', () => {
  const bytes = Buffer.from('..ab.cd.efg.h')
  const packed: PackedOutgoing = {
    length: 2,
    bytes,
    spans: Uint32Array.from([2, 4, 5, 7, 8, 11, 12, 13, 0, 0]),
    partitions: Uint32Array.from([3, 4, 0]),
  }

  it('are the same as objects, and from one of them on in memory of their own', () => {
    const kept = keepOutgoing(packed, 1)
    const unpacked = unpackOutgoing(packed)
    assert.deepEqual(texts(packed), [
      ['ab', 'cd', 3],
      ['efg', 'h', 4],
    ])
    bytes.fill(0)
    packed.spans.fill(0)
    packed.partitions.fill(0)
    assert.deepEqual(texts(kept), [['efg', 'h', 4]])
    assert.deepEqual(
      unpacked.map(({ key }) => textOf(key)),
      ['ab', 'efg'],
    )
  })
})

function texts(records: PackedOutgoing): unknown {
  return unpackOutgoing(records).map(({ key, value, partition }) => [textOf(key), textOf(value), partition])
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString()
}
