import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { it } from 'node:test'
import { version } from '../../src/cli/version.ts'

it('is the one of package.json', () => {
  const { version: packaged }: { version: string } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  )
  assert.equal(version, packaged)
})
