import assert from 'node:assert/strict'
import { it } from 'node:test'
import { liveTables } from '../../src/model/live.ts'

it('the key of each table of a page is among its columns', () => {
  for (const [name, { key, columns }] of Object.entries(liveTables)) {
    const known: readonly string[] = columns
    assert.deepEqual(
      key.filter((column) => !known.includes(column)),
      [],
      name,
    )
  }
})
