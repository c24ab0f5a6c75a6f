import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { broker, nodesOf } from '../../../src/cli/commands/broker.ts'
import { runHere } from '../run-here.ts'

const home = mkdtempSync(join(tmpdir(), 'windsock-broker-'))
after(() => rmSync(home, { recursive: true }))

describe('windsock broker', () => {
  it('says that a home has no broker yet', async () => {
    assert.match(
      (await runHere(broker, ['status', '--home', home])).printed,
      /^there is no broker in .* yet: windsock broker start makes one\n$/,
    )
    assert.equal((await runHere(broker, ['status', '--json', '--home', home])).printed, '{"kind":"none"}\n')
    assert.equal((await runHere(broker, ['stop', '--home', home])).printed, `no broker runs from ${home}\n`)
  })

  it('refuses an action that does not exist', async () => {
    for (const args of [[], ['dance']]) {
      await assert.rejects(runHere(broker, args), { code: 'usage', message: /takes start, stop, status or logs/ })
    }
  })

  it('has one node or three, or what the home has', () => {
    assert.deepEqual([nodesOf(1), nodesOf(3), nodesOf(undefined)], [1, 3, undefined])
  })
})
