import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { analyse } from '../../../src/cli/commands/analyse.ts'
import { runHere } from '../run-here.ts'

const folder = mkdtempSync(join(tmpdir(), 'windsock-analyse-'))
after(() => rmSync(folder, { recursive: true }))

describe('windsock analyse', () => {
  it('says what it has read', async () => {
    const home = join(folder, 'home')
    const { printed, said } = await runHere(analyse, ['aroon', '--broker', 'memory', '--until-end', '--home', home])
    assert.deepEqual([printed, said], ['', 'aroon: 0 records read, 0 refused\n'])
  })

  it('ends in order when it is told to stop', async () => {
    const signal = AbortSignal.timeout(200)
    const args = ['aroon', '--broker', 'memory', '--set', 'period=25', '--home', join(folder, 'home')]
    const { said } = await runHere(analyse, args, { signal })
    assert.equal(said, 'aroon-period-25: 0 records read, 0 refused\n')
  })

  it('refuses an analysis or a setting that does not exist', async () => {
    await assert.rejects(runHere(analyse, []), { code: 'usage', message: 'an analysis is missing' })
    await assert.rejects(runHere(analyse, ['constructor']), {
      code: 'usage',
      message: 'there is no analysis named constructor',
    })
    await assert.rejects(runHere(analyse, ['aroon', '--set', '__proto__=1']), {
      code: 'usage',
      message: /no setting named __proto__/,
    })
    await assert.rejects(runHere(analyse, ['aroon', '--set', 'period=']), { code: 'usage', message: /got ""/ })
  })

  it('says how it brings the records of a key together, where it has to or was asked to', async () => {
    const memory = ['--broker', 'memory', '--until-end']
    const { said } = await runHere(analyse, ['flights-per-day', '--regroup', 'partials', ...memory])
    assert.equal(
      said,
      'flights-per-day: partial results of each partition are merged, by way of topic flights-per-day-partials (as asked for)\n' +
        'flights-per-day: 0 records read, 0 refused\n',
    )
    const rows = await runHere(analyse, ['aroon', '--regroup', 'repartition', '--fresh', ...memory])
    assert.match(rows.said, /^aroon: rows are sent to the partition of their key, on topic aroon-repartition /)
  })

  it('refuses a way of doing that which there is not, before it asks a broker', async () => {
    await assert.rejects(runHere(analyse, ['aroon', '--regroup', 'partials', '--home', folder]), {
      code: 'usage',
      message: 'aroon cannot be put together from partial results: each of its rows has a result of its own',
      hint: /--regroup repartition/,
    })
    await assert.rejects(runHere(analyse, ['aroon', '--regroup', 'shuffle']), { code: 'usage', message: /shuffle/ })
  })

  it('needs a broker that answers', async () => {
    await assert.rejects(runHere(analyse, ['aroon', '--home', folder]), { code: 'broker-unreachable' })
  })
})
