import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { config } from '../../../src/cli/commands/config.ts'
import { runCommand } from '../../support/run-windsock.ts'
import { runHere } from '../run-here.ts'

const folder = mkdtempSync(join(tmpdir(), 'windsock-config-'))
after(() => rmSync(folder, { recursive: true }))

describe('windsock config', () => {
  it('prints every setting with its value and where it came from', async () => {
    const file = join(folder, 'other.json')
    writeFileSync(file, '{"nodes": 3}')
    const env = { WINDSOCK_PORT: '9000' }
    const { printed } = await runHere(config, ['--config', file, '--home', 'there'], { env })
    const lines = printed
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/))
    assert.deepEqual(
      lines.toSorted(([a = ''], [b = '']) => a.localeCompare(b)),
      [
        ['broker', 'kafka', 'default'],
        ['brokers', 'not set', 'default'],
        ['home', 'there', '--home'],
        ['nodes', '3', file],
        ['port', '9000', 'WINDSOCK_PORT'],
        ['trace', 'not set', 'default'],
      ],
    )
  })

  it('prints the same as JSON', async () => {
    const { printed } = await runHere(config, ['--json', '--port', '0'])
    const settings = JSON.parse(printed)
    assert.deepEqual(settings.port, { value: 0, from: '--port' })
    assert.deepEqual(settings.brokers, { value: null, from: 'default' })
    assert.deepEqual(Object.keys(settings).toSorted(), ['broker', 'brokers', 'home', 'nodes', 'port', 'trace'])
  })

  it('reads windsock.json where it is run, and says what is wrong with it in one sentence', async () => {
    const cwd = mkdtempSync(join(folder, 'cwd-'))
    writeFileSync(join(cwd, 'windsock.json'), '{"port": 7000}')
    assert.match((await runCommand(['config'], { cwd })).stdout, /^port +7000 +windsock\.json$/m)
    writeFileSync(join(cwd, 'windsock.json'), '{"prot": 7000}')
    const unknown = await runCommand(['config'], { cwd })
    assert.deepEqual([unknown.code, unknown.stdout], [1, ''])
    assert.match(
      unknown.stderr,
      /^windsock: config file windsock\.json has no setting named prot\. Its settings are [^\n]+\n$/,
    )
    writeFileSync(join(cwd, 'windsock.json'), 'port = 7000')
    const { code, stderr } = await runCommand(['config'], { cwd })
    assert.deepEqual([code, stderr], [1, 'windsock: config file windsock.json is not JSON\n'])
  })
})
