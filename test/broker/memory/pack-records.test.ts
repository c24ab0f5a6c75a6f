import assert from 'node:assert/strict'
import { it } from 'node:test'
import { packRecords } from '../../../src/broker/memory/pack-records.ts'

it('packs keys and values behind each other, null without a place', () => {
  const headers = new Map<string, string>()
  const packed = packRecords([
    { offset: 7, timestamp: 1_000, key: Buffer.from('key'), value: Buffer.from('value'), headers },
    { offset: 9, timestamp: 2_000, key: null, value: Buffer.from(''), headers },
    { offset: 12, timestamp: 3_000, key: Buffer.from('k'), value: null, headers },
  ])
  assert.equal(packed.length, 3)
  assert.equal(Buffer.from(packed.bytes).toString(), 'keyvaluek')
  assert.deepEqual([...packed.offsets], [7, 9, 12])
  assert.deepEqual([...packed.timestamps], [1_000, 2_000, 3_000])
  assert.deepEqual([...packed.spans], [0, 3, 3, 8, -1, -1, 8, 8, 8, 9, -1, -1])
})

it('packs into the memory it is given', () => {
  const piece = new Uint8Array(100)
  const record = { offset: 0, timestamp: 0, key: null, value: Buffer.from('x'), headers: new Map<string, string>() }
  assert.equal(packRecords([record], () => piece).bytes, piece)
})
