import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { publish } from '../../../src/cli/commands/publish.ts'
import { pricesFile } from '../../support/run-windsock.ts'
import { runHere } from '../run-here.ts'

const file = ['--file', pricesFile('IBM')]
const rows = 1_300

describe('windsock publish', () => {
  it('prints the totals as JSON in one line', async () => {
    const { printed } = await runHere(publish, ['prices', ...file, '--broker', 'memory', '--max', '--json'])
    assert.match(printed, /^\{"sent":1300,"acknowledged":1300,"refused":0,"bytes":\d+,"seconds":[\d.]+\}\n$/)
  })

  it('prints them as a sentence otherwise', async () => {
    const { printed } = await runHere(publish, ['prices', ...file, '--broker', 'memory'])
    assert.match(printed, /^1,300 of 1,300 rows acknowledged in [\d.]+ s \([\d,]+\/s\)\n$/)
  })

  it('ends with what it has sent when it is told to stop', async () => {
    const args = ['prices', ...file, '--broker', 'memory', '--rate', '10', '--history', '100', '--json']
    const { printed } = await runHere(publish, args, { signal: AbortSignal.timeout(1_000) })
    const { sent, acknowledged } = JSON.parse(printed)
    assert.equal(sent, acknowledged)
    assert.ok(sent >= 100 && sent < rows, `${sent} rows`)
  })

  it('refuses a source that does not exist, a pace too many and no file', async () => {
    await assert.rejects(runHere(publish, ['weather', ...file]), {
      code: 'usage',
      message: 'there is no source named weather',
    })
    await assert.rejects(runHere(publish, ['prices', ...file, '--rate', '5', '--max']), {
      code: 'usage',
      message: /exclude each other/,
    })
    await assert.rejects(runHere(publish, ['prices']), { code: 'usage', message: 'prices needs at least one --file' })
  })
})
