import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { results } from '../../../src/cli/commands/results.ts'
import { runHere } from '../run-here.ts'

describe('windsock results', () => {
  it('says that an analysis has never run', async () => {
    await assert.rejects(runHere(results, ['aroon', '--broker', 'memory']), topicMissing('aroon'))
    await assert.rejects(
      runHere(results, ['aroon', '--broker', 'memory', '--set', 'period=25', '--topic', 'bars']),
      topicMissing('aroon-period-25-of-bars'),
    )
  })

  it('refuses a format and an analysis that do not exist', async () => {
    await assert.rejects(runHere(results, ['aroon', '--format', 'xml']), {
      code: 'usage',
      message: /^--format must be json or csv/,
    })
    await assert.rejects(runHere(results, ['macd']), { code: 'usage' })
  })
})

function topicMissing(name: string) {
  return { code: 'topic-missing', message: new RegExp(`\\b${name}\\b`) }
}
