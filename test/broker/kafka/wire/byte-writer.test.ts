import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ByteWriter } from '../../../../src/broker/kafka/wire/byte-writer.ts'

const uuid = '0f8fad5b-d9cb-469f-a165-70867728950e'

const writes: readonly [string, (writer: ByteWriter) => ByteWriter, string][] = [
  ['a byte', (writer) => writer.int8(-2), 'fe'],
  ['two', (writer) => writer.int16(258), '0102'],
  ['four', (writer) => writer.int32(-2), 'fffffffe'],
  ['eight', (writer) => writer.int64(2 ** 40), '0000010000000000'],
  ['an id', (writer) => writer.uuid(uuid), uuid.replaceAll('-', '')],
  ['a number of its own length', (writer) => writer.unsignedVarint(300), 'ac02'],
  ['a text', (writer) => writer.string('é'), '0002c3a9'],
  ['a compact text', (writer) => writer.compactString('é'), '03c3a9'],
  ['bytes', (writer) => writer.raw(Buffer.of(7, 8, 9)), '070809'],
  ['no tags', (writer) => writer.noTags(), '00'],
]

for (const [what, write, hex] of writes) {
  it(`writes ${what}, whatever is written already`, () => {
    for (let length = 0; length < 5_000; length += length > 990 && length < 1_030 ? 1 : 7) {
      const before = Buffer.alloc(length, 0xaa)
      const bytes = write(new ByteWriter().raw(before)).noTags().finish()
      assert.equal(bytes.toString('hex', length), `${hex}00`, `behind ${length} bytes`)
      assert.ok(before.equals(bytes.subarray(0, length)))
    }
  })
}
