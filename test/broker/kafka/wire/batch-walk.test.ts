import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { compressionsAlgorithms } from '@platformatic/kafka'
import * as fc from 'fast-check'
import { BatchWalk, type FetchedBatches } from '../../../../src/broker/kafka/wire/batch-walk.ts'
import { copyRecords } from '../../../../src/broker/kafka/wire/copy-records.ts'
import { MalformedBytes } from '../../../../src/broker/kafka/wire/byte-reader.ts'
import { Pieces } from '../../../../src/broker/kafka/wire/pieces.ts'
import { packedRecordsMax, RecordPacker } from '../../../../src/broker/kafka/wire/record-packer.ts'
import { scanBatches } from '../../../../src/broker/kafka/wire/record-batches.ts'
import { WindsockError } from '../../../../src/foundation/errors.ts'
import { appendTime, buildBatch, buildMarker, type BuiltRecord, sealed, transactional } from './build-batch.ts'

interface Seen {
  readonly next: number
  readonly records: readonly (readonly [number, number, string | null, string | null])[]
}

/** Everything a walk gives, copied. */
function walkAll(bytes: Buffer, options: Partial<FetchedBatches> = {}): Seen[] {
  const packer = new RecordPacker()
  const walk = new BatchWalk(packer, new Pieces(undefined, 1_000_000))
  // Somewhere in a larger piece, as in an answer.
  const piece = Buffer.concat([Buffer.alloc(13, 0xaa), bytes, Buffer.alloc(9, 0xaa)])
  const fetched = { origin: 't/0', piece, start: 13, end: 13 + bytes.length, aborted: [], from: 0, to: Infinity }
  const seen: Seen[] = []
  for (const next of walk.walk({ ...fetched, ...options })) {
    const records = copyRecords(packer, packer.headerSpans)
    seen.push({
      next,
      records: records.map(({ offset, timestamp, key, value }) => [offset, timestamp, textOf(key), textOf(value)]),
    })
  }
  walk.close()
  return seen
}

const textOf = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString())
const offsetsIn = (seen: readonly Seen[]): number[] => seen.flatMap(({ records }) => records.map(([offset]) => offset))
const three: BuiltRecord[] = [
  { key: 'a', value: 'one', headers: [['h', 'x']] },
  { key: null, value: '' },
  { key: '', value: null },
]

describe('a walk over record batches', () => {
  it('gives offsets, times, keys and values, null as null', () => {
    const bytes = Buffer.concat([
      buildBatch({ baseOffset: 10, records: three }),
      buildBatch({ baseOffset: 13, records: [{ key: 'k', value: 'v', timestampDelta: -70_000_000_000 }] }),
    ])
    assert.deepEqual(walkAll(bytes), [
      {
        next: 14,
        records: [
          [10, 1_000, 'a', 'one'],
          [11, 1_001, null, ''],
          [12, 1_002, '', null],
          [13, 1_000 - 70_000_000_000, 'k', 'v'],
        ],
      },
    ])
  })

  it("gives the broker's time where it has stamped the batch", () => {
    const [batch] = walkAll(buildBatch({ baseOffset: 0, records: three, attributes: appendTime }))
    assert.deepEqual(
      batch?.records.map(([, timestamp]) => timestamp),
      [1_500, 1_500, 1_500],
    )
  })

  it('leaves out what lies before the start and behind the end, and says where to go on', () => {
    const bytes = Buffer.concat([
      buildBatch({ baseOffset: 0, records: three }),
      buildBatch({ baseOffset: 3, records: three }),
    ])
    for (let from = 0; from <= 6; from++) {
      for (let to = from; to <= 6; to++) {
        const seen = walkAll(bytes, { from, to })
        assert.deepEqual(
          offsetsIn(seen),
          [0, 1, 2, 3, 4, 5].filter((offset) => offset >= from && offset < to),
        )
        assert.equal(seen.at(-1)?.next ?? from, to)
      }
    }
  })

  it('goes over the gaps that compaction leaves, also at the end of a batch', () => {
    const thinned = [
      { key: 'a', value: 'x', delta: 4 },
      { key: 'b', value: 'y', delta: 900 },
    ]
    const bytes = Buffer.concat([
      buildBatch({ baseOffset: 100, records: thinned, lastDelta: 1_000 }),
      buildBatch({ baseOffset: 5_000, records: [], lastDelta: 9 }),
    ])
    const seen = walkAll(bytes, { from: 50 })
    assert.deepEqual(offsetsIn(seen), [104, 1_000])
    assert.equal(seen.at(-1)?.next, 5_010)
  })

  it('hands over no more than a packer holds, also of one batch', () => {
    const count = 2 * packedRecordsMax + 5
    const records = Array.from({ length: count }, (_, i) => ({ key: null, value: String(i) }))
    const seen = walkAll(
      Buffer.concat([buildBatch({ baseOffset: 0, records }), buildBatch({ baseOffset: count, records: three })]),
    )
    assert.deepEqual(
      seen.map(({ next, records: all }) => [next, all.length]),
      [
        [packedRecordsMax, packedRecordsMax],
        [2 * packedRecordsMax, packedRecordsMax],
        [count + 3, 8],
      ],
    )
    assert.deepEqual(
      offsetsIn(seen),
      Array.from({ length: count + 3 }, (_, i) => i),
    )
  })

  it('leaves out a last batch that was cut off, and takes a first one for damaged', () => {
    const first = buildBatch({ baseOffset: 0, records: three })
    const second = buildBatch({ baseOffset: 3, records: three })
    for (let length = 0; length < second.length; length++) {
      assert.deepEqual(offsetsIn(walkAll(Buffer.concat([first, second.subarray(0, length)]))), [0, 1, 2])
      if (length > 0) assert.throws(() => walkAll(second.subarray(0, length)), { code: 'records-damaged' })
    }
  })

  it('gives the marker of a transaction to nobody', () => {
    const bytes = Buffer.concat([
      buildBatch({ baseOffset: 0, records: three, producer: 5n, attributes: transactional }),
      buildMarker(3, 5n, 'commit'),
    ])
    const seen = walkAll(bytes)
    assert.deepEqual(offsetsIn(seen), [0, 1, 2])
    assert.equal(seen.at(-1)?.next, 4)
  })

  it('leaves out aborted transactions, and moves on where nothing else is there', () => {
    const attributes = transactional
    const bytes = Buffer.concat([
      buildBatch({ baseOffset: 0, records: three, producer: 5n, attributes }),
      buildBatch({ baseOffset: 3, records: three, producer: 6n, attributes }),
      buildMarker(6, 5n, 'abort'),
      buildBatch({ baseOffset: 7, records: three, producer: 5n, attributes }),
    ])
    const aborted = [{ producer: 5n, firstOffset: 0 }]
    assert.deepEqual(offsetsIn(walkAll(bytes, { aborted })), [3, 4, 5, 7, 8, 9])
    assert.deepEqual(walkAll(bytes, { aborted, to: 3 }), [{ next: 3, records: [] }])
  })

  const compressions: [string, number, (records: Buffer) => Uint8Array][] = [
    ['gzip', 1, gzipSync],
    ['snappy', 2, (records) => compressionsAlgorithms.snappy.compressSync(records)],
    ['lz4', 3, (records) => compressionsAlgorithms.lz4.compressSync(records)],
    ['zstd', 4, zstdCompressSync],
  ]
  for (const [name, attributes, compress] of compressions) {
    it(`unpacks ${name}, also mixed with batches that are not packed`, () => {
      const bytes = Buffer.concat(
        Array.from({ length: 12 }, (_, i) =>
          i % 3 === 0
            ? buildBatch({ baseOffset: 3 * i, records: three })
            : buildBatch({ baseOffset: 3 * i, records: three, attributes, compress }),
        ),
      )
      const seen = walkAll(bytes)
      assert.deepEqual(
        offsetsIn(seen),
        Array.from({ length: 36 }, (_, i) => i),
      )
      assert.deepEqual(
        seen
          .flatMap(({ records }) => records)
          .at(-3)
          ?.slice(2),
        ['a', 'one'],
      )
    })

    it(`says records-damaged for ${name} that is wrong at any byte, though its checksum is right`, () => {
      const records = Array.from({ length: 40 }, (_, i) => ({ key: `key ${i}`, value: `value ${i % 5}` }))
      const batch = buildBatch({ baseOffset: 0, records, attributes, compress })
      const right = walkAll(batch)
      for (let at = 61; at < batch.length; at++) {
        const wrong = Buffer.from(batch)
        wrong[at] = (wrong[at] ?? 0) ^ (1 << (at % 8))
        // Some bytes of a frame mean nothing, and a wrong letter is seen by the checksum alone.
        const seen = rightOrDamaged(() => walkAll(sealed(wrong)))
        if (seen !== undefined) assert.equal(offsetsIn(seen).length, offsetsIn(right).length)
      }
    })
  }

  it('says records-damaged for a few bytes that stand for more than can be held', () => {
    const bomb = gzipSync(Buffer.alloc(200_000_000))
    const batch = buildBatch({ baseOffset: 0, records: three, attributes: 1, compress: () => bomb })
    assert.throws(() => walkAll(batch), { code: 'records-damaged' })
  })

  it('says records-damaged for a compression and a format that nobody knows', () => {
    const batch = buildBatch({ baseOffset: 0, records: three, attributes: 7 })
    assert.throws(() => walkAll(batch), { code: 'records-damaged', message: /unknown method, 7/ })
    const old = buildBatch({ baseOffset: 0, records: three })
    old[16] = 1
    assert.throws(() => walkAll(old), { code: 'records-damaged', message: /format 1/ })
  })

  it('names the place of a damaged batch, after the good ones before it', () => {
    const bytes = Buffer.concat([
      buildBatch({ baseOffset: 0, records: three }),
      buildBatch({ baseOffset: 3, records: three }),
    ])
    bytes[bytes.length - 2] = 0x77
    assert.throws(() => walkAll(bytes), {
      code: 'records-damaged',
      message: /^t\/0: the record batch at offset 3 is damaged: its CRC-32C is/,
    })
  })

  it('gives an error or the right records, whichever bit is wrong', () => {
    const batch = buildBatch({ baseOffset: 7, records: three })
    const bytes = Buffer.concat([batch, buildBatch({ baseOffset: 10, records: three })])
    const right = walkAll(bytes)
    for (let bit = 0; bit < 8 * batch.length; bit++) {
      const at = bit >> 3
      // Kafka's checksum leaves out the first offset and the leader's epoch.
      if (at < 8 || (at >= 12 && at < 16)) continue
      const wrong = Buffer.from(bytes)
      wrong[at] = (wrong[at] ?? 0) ^ (1 << (bit & 7))
      assert.equal(
        rightOrDamaged(() => walkAll(wrong)),
        undefined,
        `bit ${bit} went unseen`,
      )
    }
    assert.deepEqual(offsetsIn(right), [7, 8, 9, 10, 11, 12])
  })

  it('ends with records or an error over any bytes at all, though every checksum is right', () => {
    const batch = buildBatch({ baseOffset: 0, records: [...three, ...three] })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(batch.length - 22), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        (changes) => {
          const wrong = Buffer.from(batch)
          for (const [at, byte] of changes) wrong[21 + at] = byte
          const seen = rightOrDamaged(() => walkAll(sealed(wrong)))
          const offsets = offsetsIn(seen ?? [])
          assert.deepEqual(
            offsets,
            offsets.toSorted((a, b) => a - b),
          )
        },
      ),
      { numRuns: 3_000 },
    )
  })
})

describe('a scan of batch heads', () => {
  it('ends where the walk ends, and knows the epoch of the last leader', () => {
    const bytes = Buffer.concat([
      buildBatch({ baseOffset: 10, records: three, lastDelta: 9 }),
      buildBatch({ baseOffset: 20, records: three }),
      buildBatch({ baseOffset: 23, records: three }).subarray(0, 70),
    ])
    assert.deepEqual(scanBatches(bytes, 0, bytes.length, 5), { next: 23, leaderEpoch: 3 })
    assert.deepEqual(scanBatches(bytes, 0, 40, 5), { next: 5, leaderEpoch: -1 })
    assert.equal(walkAll(bytes, { from: 5 }).at(-1)?.next, 23)
  })
})

/** What was read, or undefined where it was refused as damaged; any other error is a failure. */
function rightOrDamaged(read: () => Seen[]): Seen[] | undefined {
  try {
    return read()
  } catch (error) {
    const isDamage = error instanceof WindsockError && error.code === 'records-damaged'
    // Headers are looked at when objects are asked for.
    if (isDamage || error instanceof MalformedBytes) return undefined
    throw error
  }
}
