import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryPool } from '../../../src/codecs/json/memory-pool.ts'
import { createRandom } from '../../support/random.ts'

describe('a pool of memory', () => {
  it('gives pieces that lie apart, and takes them back', () => {
    const random = createRandom()
    const buffer = new ArrayBuffer(400_000)
    const pool = new MemoryPool(buffer, 1_000, buffer.byteLength)
    const pieces: Uint8Array[] = []
    for (let i = 0; i < 2_000; i++) {
      const piece = random.next() < 0.55 ? pool.take(random.below(20_000)) : undefined
      if (piece === undefined) pieces.splice(random.below(pieces.length + 1), 1).forEach((back) => pool.giveBack(back))
      else pieces.push(piece)
      const ordered = pieces.toSorted((a, b) => a.byteOffset - b.byteOffset)
      ordered.forEach(({ byteOffset, byteLength }, at) => {
        const end = byteOffset + byteLength + 64
        assert.ok(
          byteOffset >= 1_000 && end <= (ordered[at + 1]?.byteOffset ?? buffer.byteLength),
          `seed ${random.seed}`,
        )
      })
    }
    for (const piece of pieces) pool.giveBack(piece)
    assert.equal(pool.take(390_000)?.byteLength, 390_000)
  })

  it('says when there is none left', () => {
    const pool = new MemoryPool(new ArrayBuffer(65_536), 0, 65_536)
    assert.equal(pool.take(65_536), undefined)
    const piece = pool.take(60_000)
    assert.ok(piece)
    assert.equal(pool.take(8_000), undefined)
    pool.giveBack(piece)
    assert.ok(pool.take(60_000))
  })

  it('takes back only what it gave, and once', () => {
    const buffer = new ArrayBuffer(65_536)
    const pool = new MemoryPool(buffer, 0, 65_536)
    const piece = pool.take(10)
    assert.ok(piece)
    assert.throws(() => pool.giveBack(new Uint8Array(10)), RangeError)
    assert.throws(() => pool.giveBack(new Uint8Array(buffer, 4_096, 10)), RangeError)
    pool.giveBack(piece)
    assert.throws(() => pool.giveBack(piece), RangeError)
  })
})
