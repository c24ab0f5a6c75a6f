import assert from 'node:assert/strict'
import { it } from 'node:test'
import { slicePacked } from '../../src/model/packed-records.ts'

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
