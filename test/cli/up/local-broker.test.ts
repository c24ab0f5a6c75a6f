import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import type { CommandContext } from '../../../src/cli/command.ts'
import { up } from '../../../src/cli/commands/up.ts'
import { readConfig } from '../../../src/cli/config.ts'
import { sharedOptions } from '../../../src/cli/option.ts'
import { forgetLocal, openBroker } from '../../../src/cli/up/local-broker.ts'

const home = mkdtempSync(join(tmpdir(), 'windsock-local-broker-'))
after(() => rmSync(home, { recursive: true }))

function contextOf(...args: string[]): CommandContext {
  return {
    config: readConfig(['--home', home, ...args], [...up.options, ...sharedOptions], {}),
    env: {},
    signal: new AbortController().signal,
    print: () => {},
    say: () => {},
  }
}

describe('the broker of up', () => {
  it('is the in-process log when that is asked for, and ours to begin anew', async () => {
    const opened = await openBroker(contextOf('--broker', 'memory'), () => {})
    assert.deepEqual([opened.broker.kind, opened.isOurs, opened.pids()], ['memory', true, []])
    await opened.stop()
  })

  it('is not started where a cluster is named', async () => {
    await assert.rejects(
      openBroker(contextOf('--brokers', '127.0.0.1:1'), () => {}),
      { code: 'broker-unreachable' },
    )
    assert.equal(existsSync(join(home, 'broker')), false)
  })

  it('is forgotten together with the states, but not the logs', async () => {
    for (const folder of ['state', 'logs']) {
      mkdirSync(join(home, folder))
      writeFileSync(join(home, folder, 'aroon'), 'x')
    }
    await forgetLocal(home, () => {})
    assert.deepEqual([existsSync(join(home, 'state')), existsSync(join(home, 'logs', 'aroon'))], [false, true])
  })
})
