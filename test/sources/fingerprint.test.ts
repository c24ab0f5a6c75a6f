import assert from 'node:assert/strict'
import { it } from 'node:test'
import { fingerprintOf } from '../../src/sources/fingerprint.ts'
import { writeFile } from './written-files.ts'

it('a fingerprint depends on the kind, the options, and the bytes and order of the files, not on their names', async (t) => {
  const a = writeFile(t, 'a.csv', 'a')
  const b = writeFile(t, 'b.csv', 'b')
  const copyOfA = writeFile(t, 'c.csv', 'a')
  const ab = await fingerprintOf('kind', [a, b])
  assert.match(ab, /^kind:[0-9a-f]{32}$/)
  assert.equal(await fingerprintOf('kind', [copyOfA, b]), ab)
  const others = [
    await fingerprintOf('other', [a, b]),
    await fingerprintOf('kind', [b, a]),
    await fingerprintOf('kind', [a]),
    await fingerprintOf('kind', [a, b], ['x']),
    await fingerprintOf('kind', [writeFile(t, 'a.csv', 'ab')]),
  ]
  assert.equal(new Set([ab, ...others]).size, 6)
})
