import assert from 'node:assert/strict'
import { it } from 'node:test'
import { jsCRC32C, Reader, readRecordsBatch, type RecordsBatch } from '@platformatic/kafka'
import * as fc from 'fast-check'
import type { OutgoingRecord } from '../../../../src/broker/broker.ts'
import type { Compression } from '../../../../src/broker/kafka/client-settings.ts'
import { BatchMemory } from '../../../../src/broker/kafka/produce/batch-memory.ts'
import { type BatchNumbers, RecordBatch } from '../../../../src/broker/kafka/produce/record-batch.ts'
import { publishBatchBytesMax } from '../../../../src/foundation/limits.ts'
import type { PackedOutgoing } from '../../../../src/model/packed-records.ts'

const numbers: BatchNumbers = { producerId: 4_000_000_001n, epoch: 7, sequence: 2_000_000_000 }
const sentAt = 1_800_000_000_123

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  // Longer than 64, 8,192 and their thirds, where lengths take another byte.
  fc.integer({ min: 0, max: 9_000 }).map((length) => 'x'.repeat(length)),
  fc.integer({ min: 0, max: 9_000 }).map((length) => 'é'.repeat(length)),
  fc.constantFrom('', '\u{1f6eb}', 'lone \ud800', 'x'.repeat(63), 'x'.repeat(64)),
)
const anyRecord: fc.Arbitrary<OutgoingRecord> = fc.record(
  {
    key: anyText,
    value: fc.oneof(anyText, fc.uint8Array({ maxLength: 300 }), fc.constant(null)),
    headers: fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 10 }), anyText, { maxKeys: 3 }),
  },
  { requiredKeys: ['key', 'value'] },
)

it('writes records that an independent decoder reads back, with a checksum that holds', () => {
  const memory = new BatchMemory()
  fc.assert(
    fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 80 }), (records) => {
      const batch = new RecordBatch(memory)
      const taken = records.filter((record) => batch.put(record))
      const sealed = batch.seal(numbers, sentAt, false, 'none')
      const read = decode(sealed)
      assert.deepEqual(contentOf(read), taken.map(expected))
      assert.equal(read.crc, jsCRC32C(sealed.subarray(21)))
      assert.equal(read.length, sealed.length - 12)
      batch.release()
    }),
    { numRuns: 300 },
  )
})

it('writes packed records as it writes objects', () => {
  const memory = new BatchMemory()
  const anyBytes = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 60, maxLength: 9_000 }))
  const anyPacked = fc.array(fc.record({ key: anyBytes, value: anyBytes }), { minLength: 1, maxLength: 80 })
  fc.assert(
    fc.property(anyPacked, fc.nat(3), (records, ahead) => {
      const [packed, objects] = [new RecordBatch(memory), new RecordBatch(memory)]
      for (let i = 0; i < ahead; i++) for (const batch of [packed, objects]) batch.put({ key: 'k', value: 'ahead' })
      let taken = 0
      while (taken < records.length) taken += packed.putPacked(pack(records), taken)
      for (const record of records) objects.put(record)
      assert.deepEqual(packed.seal(numbers, sentAt, false, 'none'), objects.seal(numbers, sentAt, false, 'none'))
      assert.equal(packed.putPacked(pack(records), 0), 0)
      for (const batch of [packed, objects]) batch.release()
    }),
    { numRuns: 200 },
  )
})

it('takes of packed records those that go to one partition, as many as have room, and one that is too large by itself', () => {
  const batch = new RecordBatch(new BatchMemory())
  const records = [1, 2, publishBatchBytesMax, 4].map((bytes) => ({
    key: Buffer.from('k'),
    value: Buffer.alloc(bytes),
  }))
  const packed = pack(records, [5, 5, 6, 6])
  assert.equal(batch.putPacked(packed, 0), 2)
  assert.equal(batch.putPacked(packed, 2), 0)
  assert.equal(new RecordBatch(new BatchMemory()).putPacked(packed, 2), 1)
  assert.equal(decode(batch.seal(numbers, sentAt, false, 'none')).records.length, 2)
})

it('says in the head who sent it, when, and how many records there are', () => {
  const batch = new RecordBatch(new BatchMemory())
  for (const value of ['a', 'b', 'c']) batch.put({ key: 'k', value })
  const { producerId, producerEpoch, firstSequence, firstTimestamp, maxTimestamp, lastOffsetDelta, magic, attributes } =
    decode(batch.seal(numbers, sentAt, true, 'none'))
  assert.deepEqual(
    { producerId, producerEpoch, firstSequence, firstTimestamp, maxTimestamp, lastOffsetDelta, magic, attributes },
    {
      producerId: numbers.producerId,
      producerEpoch: 7,
      firstSequence: 2_000_000_000,
      firstTimestamp: BigInt(sentAt),
      maxTimestamp: BigInt(sentAt),
      lastOffsetDelta: 2,
      magic: 2,
      attributes: 0x10,
    },
  )
})

it('is the same records under other numbers when it is sealed again, in every compression', () => {
  const records = Array.from({ length: 500 }, (_, i) => ({ key: `key ${i % 7}`, value: `value ${i} é`.repeat(5) }))
  const sizes = (['none', 'gzip', 'snappy', 'lz4', 'zstd'] satisfies Compression[]).map((compression) => {
    const batch = new RecordBatch(new BatchMemory())
    for (const record of records) assert.ok(batch.put(record))
    const size = batch.seal(numbers, sentAt, false, compression).length
    const again = decode(batch.seal({ ...numbers, epoch: 8, sequence: 0 }, sentAt, false, compression))
    assert.deepEqual([again.producerEpoch, again.firstSequence], [8, 0])
    assert.deepEqual(contentOf(again), records.map(expected))
    return size
  })
  for (const size of sizes.slice(1)) assert.ok(size < (sizes[0] ?? 0) / 3)
})

it('takes nothing more once it is sealed', () => {
  const batch = new RecordBatch(new BatchMemory())
  assert.ok(batch.put({ key: 'k', value: 'v' }))
  batch.seal(numbers, sentAt, false, 'zstd')
  assert.equal(batch.put({ key: 'k', value: 'v' }), false)
})

it('is full at the bound, whatever the records are made of, but takes any first record', () => {
  for (const value of ['x'.repeat(1_000), 'é'.repeat(500), new Uint8Array(1_000)]) {
    const batch = new RecordBatch(new BatchMemory())
    let count = 0
    while (batch.put({ key: 'k', value })) count++
    assert.ok(batch.length <= publishBatchBytesMax)
    assert.ok(batch.length > publishBatchBytesMax - 1_100)
    assert.equal(decode(batch.seal(numbers, sentAt, false, 'none')).records.length, count)
  }
  const large = new RecordBatch(new BatchMemory())
  assert.ok(large.put({ key: 'k', value: 'é'.repeat(1_000_000) }))
  assert.equal(decode(large.seal(numbers, sentAt, false, 'none')).records[0]?.value?.length, 2_000_000)
})

it('needs room for what compression makes longer', () => {
  const random = new Uint8Array(65_000)
  crypto.getRandomValues(random)
  const batch = new RecordBatch(new BatchMemory())
  batch.put({ key: 'k', value: random })
  const [record] = decode(batch.seal(numbers, sentAt, false, 'gzip')).records
  assert.deepEqual(new Uint8Array(record?.value ?? []), random)
})

function decode(sealed: Buffer): RecordsBatch {
  return readRecordsBatch(Reader.from(Buffer.from(sealed)))
}

function contentOf({ records }: RecordsBatch): unknown[] {
  return records.map(({ key, value, headers, offsetDelta, timestampDelta }, index) => {
    assert.deepEqual([offsetDelta, timestampDelta], [index, 0n])
    const texts = headers.map(([name, each]) => [String(name ?? ''), String(each ?? '')])
    return { key: String(key ?? ''), value: value === null ? null : value.toString('hex'), headers: texts }
  })
}

/** As bytes and back: what is no text, such as half a pair of surrogates, is replaced on the way. */
function asSent(text: string): string {
  return Buffer.from(text).toString()
}

function expected({ key, value, headers = {} }: OutgoingRecord): unknown {
  return {
    key: Buffer.from(key).toString(),
    value: value === null ? null : Buffer.from(value).toString('hex'),
    headers: Object.entries(headers).map(([name, each]) => [asSent(name), asSent(each)]),
  }
}

/** Packed with something that is none of it before and between keys and values. */
function pack(
  records: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[],
  partitions = records.map(() => 0),
): PackedOutgoing {
  const parts: Uint8Array[] = []
  const spans: number[] = []
  let at = 0
  for (const part of records.flatMap(({ key, value }) => [key, value])) {
    parts.push(Buffer.from('??'), part)
    spans.push(at + 2, at + 2 + part.length)
    at += 2 + part.length
  }
  return {
    length: records.length,
    bytes: Buffer.concat(parts),
    spans: Uint32Array.from(spans),
    partitions: Uint32Array.from(partitions),
  }
}
