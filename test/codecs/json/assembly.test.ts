import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))

it('the modules of WebAssembly are, byte for byte, what their sources give', { timeout: 50_000 }, (context) => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/build-assembly.mjs', '--check'], {
    cwd: root,
    encoding: 'utf8',
  })
  if (status === 3) return context.skip('needs npm to bring the AssemblyScript compiler')
  assert.equal(status, 0, stderr)
  assert.ok(statSync(`${root}/src/codecs/json/scanner.wasm`).size < 12_000)
  assert.ok(statSync(`${root}/src/codecs/json/record-writer.wasm`).size < 4_000)
})
