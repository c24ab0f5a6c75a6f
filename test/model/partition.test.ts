import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createPartitioner, partitionOf } from '../../src/model/partition.ts'

/** Keys and their murmur2, from `testMurmur2` of Kafka's own UtilsTest. */
const hashes = {
  '21': -973932308,
  foobar: -790332482,
  'a-little-bit-long-string': -985981536,
  'a-little-bit-longer-string': -1486304829,
  lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
  abc: 479470107,
}

/** Twice two to the thirty: with so many partitions, the partition is the whole of the positive hash. */
const partitionsMax = 2 ** 31

describe('the partition of a key', () => {
  it("is Kafka's murmur2, made positive, modulo the number of partitions", () => {
    for (const [key, hash] of Object.entries(hashes)) {
      assert.equal(partitionOf(key, partitionsMax), hash & 0x7fffffff, key)
      for (const partitions of [1, 2, 3, 4, 7, 12, 100, 512]) {
        assert.equal(partitionOf(key, partitions), (hash & 0x7fffffff) % partitions)
      }
    }
  })

  it('is taken of the bytes of UTF-8, and there is one for every length of key', () => {
    const keys = ['', 'é', '\u{1f6ec}', ...Array.from({ length: 20 }, (_, length) => 'x'.repeat(length))]
    for (const key of keys) {
      const partition = partitionOf(key, 12)
      assert.ok(Number.isInteger(partition) && partition >= 0 && partition < 12)
    }
    // Two bytes and four bytes: as characters they would be one and two.
    assert.notEqual(partitionOf('é', partitionsMax), partitionOf('\u00c3', partitionsMax))
    assert.equal(partitionOf('\ud83d\udeec', partitionsMax), partitionOf('\u{1f6ec}', partitionsMax))
  })

  it('spreads keys over the partitions', () => {
    const counts = Array.from({ length: 8 }, () => 0)
    for (let i = 0; i < 8_000; i++) {
      const partition = partitionOf(`key ${i}`, counts.length)
      counts[partition] = (counts[partition] ?? 0) + 1
    }
    assert.ok(
      counts.every((count) => count > 850 && count < 1_150),
      String(counts),
    )
  })

  it('is the same by a partitioner that remembers keys, more of them than it can too', () => {
    const partitionerOf12 = createPartitioner(12)
    for (let turn = 0; turn < 2; turn++) {
      for (let i = 0; i < 10_100; i++) assert.equal(partitionerOf12(`key ${i}`), partitionOf(`key ${i}`, 12))
    }
    assert.equal(partitionerOf12('__proto__'), partitionOf('__proto__', 12))
  })
})
