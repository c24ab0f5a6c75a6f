import assert from 'node:assert/strict'
import { it } from 'node:test'
import { BatchMemory } from '../../../../src/broker/kafka/produce/batch-memory.ts'
import { publishMemoryBytesMax } from '../../../../src/foundation/limits.ts'

it('gives a piece that is large enough, and the same one again', () => {
  const memory = new BatchMemory()
  for (const bytes of [1, 4_096, 4_097, 900_000, 1_048_576, 1_048_577, 5_000_000]) {
    const piece = memory.take(bytes)
    assert.ok(piece.length >= bytes)
    memory.giveBack(piece)
    if (bytes <= 1_048_576) assert.equal(memory.take(bytes), piece)
  }
})

it('is scarce while as much is in use as all publishers may hold', () => {
  const memory = new BatchMemory()
  const taken: Buffer[] = []
  while (!memory.isScarce) taken.push(memory.take(1_000_000))
  assert.equal(
    taken.reduce((sum, { length }) => sum + length, 0),
    publishMemoryBytesMax,
  )
  for (const piece of taken) memory.giveBack(piece)
  assert.equal(memory.isScarce, false)
})
