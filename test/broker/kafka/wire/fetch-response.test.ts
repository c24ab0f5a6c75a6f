import assert from 'node:assert/strict'
import { it } from 'node:test'
import * as fc from 'fast-check'
import { ByteReader, MalformedBytes } from '../../../../src/broker/kafka/wire/byte-reader.ts'
import { ByteWriter } from '../../../../src/broker/kafka/wire/byte-writer.ts'
import { decodeFetch } from '../../../../src/broker/kafka/wire/fetch-response.ts'

const id = '0f8fad5b-d9cb-469f-a165-70867728950e'
const records = Buffer.alloc(300, 7)

function encode(version: number): Buffer {
  const writer = new ByteWriter().int32(25).int16(0).int32(0)
  writer.compactArray([0], () => {
    if (version < 13) writer.compactString('flights')
    else writer.uuid(id)
    writer.compactArray([0, 1, 2], (partition) => {
      writer.int32(partition).int16(partition === 1 ? 6 : 0)
      writer.int64(1_000).int64(900).int64(10)
      if (partition === 2) writer.unsignedVarint(0)
      else {
        writer.compactArray([partition, 2 ** 40], (producer) => {
          writer.int64(producer).int64(850).noTags()
        })
      }
      writer.int32(-1)
      if (partition === 0) writer.unsignedVarint(records.length + 1).raw(records)
      else writer.unsignedVarint(partition - 1)
      // A tag that nobody knows is passed over, before the one that tells where logs part.
      if (partition !== 2) writer.noTags()
      else writer.unsignedVarint(2).unsignedVarint(0).unsignedVarint(13).int32(4).int64(640).noTags()
      if (partition === 2) writer.unsignedVarint(9).unsignedVarint(2).int16(5)
    })
    writer.noTags()
  })
  return writer.noTags().finish()
}

it('tells of every partition where its records lie, and what is wrong with it', () => {
  for (const version of [12, 13, 17]) {
    const bytes = encode(version)
    const { throttleMs, error, partitions } = decodeFetch(new ByteReader(bytes), version)
    assert.deepEqual([throttleMs, error], [25, 0])
    assert.deepEqual(
      partitions.map(({ partition, error: code, divergesAt }) => [partition, code, divergesAt]),
      [
        [0, 0, undefined],
        [1, 6, undefined],
        [2, 0, 640],
      ],
    )
    const [first, second, third] = partitions
    assert.deepEqual(bytes.subarray(first?.start, first?.end), records)
    assert.deepEqual([first?.highWatermark, first?.lastStableOffset], [1_000, 900])
    assert.deepEqual(first?.aborted, [
      { producer: 0n, firstOffset: 850 },
      { producer: 1_099_511_627_776n, firstOffset: 850 },
    ])
    assert.deepEqual([second?.start, third?.aborted], [second?.end, []])
  }
})

it('refuses an answer that is cut off anywhere', () => {
  const bytes = encode(17)
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decodeFetch(new ByteReader(bytes.subarray(0, length)), 17), MalformedBytes)
  }
})

it('reads or refuses any bytes at all, and never beyond the answer', () => {
  const bytes = encode(17)
  const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255))
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), (changes) => {
      const wrong = Buffer.from(bytes)
      for (const [at, byte] of changes) wrong[at] = byte
      try {
        for (const { start, end } of decodeFetch(new ByteReader(wrong), 17).partitions) {
          assert.ok(start >= 0 && start <= end && end <= wrong.length)
        }
      } catch (error) {
        assert.ok(error instanceof MalformedBytes, String(error))
      }
    }),
    { numRuns: 2_000 },
  )
})
